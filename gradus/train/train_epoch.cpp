// One epoch of a training: steps, progress, evaluation, choice.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/checkpoint/graph_state.h"
#include "gradus/train/batches.h"
#include "gradus/train/schedule.h"
#include "gradus/train/trainer.h"

namespace gradus {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool better(const Accuracy& a, const Accuracy& b) {
  return a.top1 > b.top1 || (a.top1 == b.top1 && a.loss < b.loss);
}

}  // namespace

MixOptions Trainer::mix_options() const {
  const AugmentationRecipe& augmentation = recipe_.augmentation;
  return {.mixup = static_cast<float>(augmentation.mixup),
          .cutmix = static_cast<float>(augmentation.cutmix),
          .probability = static_cast<float>(augmentation.mix_probability),
          .seed = training().seed};
}

ForwardOptions Trainer::forward_options() const {
  const double done = part_done();
  ForwardOptions forward;
  forward.quantize = recipe_.quantize;
  forward.batch_statistics = !recipe_.quantize || done < recipe_.bn_freeze_at;
  forward.observe = recipe_.quantize && done < recipe_.observer_freeze_at;
  return forward;
}

void Trainer::refuse_loss(double loss) const {
  throw Error(ErrorCode::kFailed,
              "epoch " + std::to_string(state_.position.epoch + 1) + ", step " +
                  std::to_string(state_.position.batch + 1) + ": the loss is " +
                  std::to_string(loss) +
                  "; expected a finite number: lower training.lr, or set training.clip_grad_norm");
}

void Trainer::run_step(Batch& batch) {
  const ForwardOptions forward = forward_options();
  lr_ = learning_rate(training(), position().step, total_steps_, warmup_steps_);
  mix(batch, data_.train->shape(), kTrainLayout, mix_options(), position().step);
  const at::Tensor images = images_of(batch, data_.train->shape(), graph_);
  const at::Tensor logits = network_->forward(images, forward).reshape({batch.n, -1});
  const at::Tensor loss = loss_of(logits, batch, training().label_smoothing);
  const double value = loss.item<double>();
  if (!std::isfinite(value)) refuse_loss(value);
  optimizer_->zero_grad();
  loss.backward();
  const std::vector<at::Tensor> scales = network_->remember_scales();
  optimizer_->step(lr_);
  network_->limit_scales(scales);
  if (forward.observe) network_->update_quantizers();
  count(batch, logits, value);
}

void Trainer::count(const Batch& batch, const at::Tensor& logits, double loss) {
  position().loss += loss * static_cast<double>(batch.n);
  position().images += batch.n;
  const at::Tensor rows = logits.detach().contiguous();
  const auto classes = static_cast<std::size_t>(rows.size(1));
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    const std::span row(rows.const_data_ptr<float>() + i * classes, classes);
    position().hits += hit_of(row, batch.labels[i]).top1 ? 1 : 0;
  }
  ++position().step;
  ++position().batch;
  ++run_steps_;
}

void Trainer::report_progress(std::int64_t steps) {
  if (!callbacks_.progress) return;
  const double seconds = seconds_since(run_start_) / static_cast<double>(run_steps_);
  const auto images = static_cast<double>(std::max<std::int64_t>(position().images, 1));
  TrainProgress progress;
  progress.epoch = position().epoch + 1;
  progress.epochs = training().epochs;
  progress.step = position().batch;
  progress.steps = steps;
  progress.loss = position().loss / images;
  progress.accuracy = static_cast<double>(position().hits) / images;
  progress.lr = lr_;
  progress.images_per_second = training().batch_size / seconds;
  progress.seconds_left = seconds * static_cast<double>(total_steps_ - position().step);
  callbacks_.progress(progress);
}

bool Trainer::run_epoch() {
  const Clock::time_point start = Clock::now();
  const double before = position().seconds;
  Loader loader(*data_.train, loader_options(position().epoch, position().batch));
  while (std::optional<Batch> batch = loader.next()) {
    run_step(*batch);
    loader.recycle(std::move(*batch));
    position().seconds = before + seconds_since(start);
    report_progress(steps_per_epoch_);
    // The end of an epoch is saved after its evaluation.
    if (position().batch == steps_per_epoch_) break;
    if (wants_stop()) {
      save();
      return false;
    }
    save_if_due();
  }
  finish_epoch();
  return true;
}

void Trainer::reestimate() {
  const at::NoGradGuard no_grad;
  ForwardOptions forward;
  forward.quantize = recipe_.quantize;
  forward.batch_statistics = true;
  LoaderOptions options = loader_options(training().epochs, 0);
  options.augment = false;
  Loader loader(*data_.train, options);
  const std::int64_t batches =
      std::min<std::int64_t>(recipe_.bn_reestimate_batches, loader.batches());
  for (std::int64_t i = 1; i <= batches; ++i) {
    std::optional<Batch> batch = loader.next();
    if (!batch) break;
    forward.average_over = i;
    network_->forward(images_of(*batch, data_.train->shape(), graph_), forward);
    loader.recycle(std::move(*batch));
    TrainProgress progress;
    progress.phase = TrainPhase::kReestimate;
    progress.step = i;
    progress.steps = batches;
    if (callbacks_.progress) callbacks_.progress(progress);
  }
}

void Trainer::choose(const EpochReport& report) {
  const bool chosen =
      !report.validation || !position().chosen || better(*report.validation, *position().chosen);
  if (!chosen) return;
  position().result.chosen_epoch = report.epoch;
  position().chosen = report.validation;
  state_.chosen = report.validation ? graph_state(graph_) : Checkpoint{};
}

void Trainer::finish_epoch() {
  if (position().epoch + 1 == training().epochs && recipe_.bn_reestimate_batches > 0) reestimate();
  network_->write_to(graph_);
  EpochReport report;
  report.epoch = position().epoch + 1;
  const auto images = static_cast<double>(std::max<std::int64_t>(position().images, 1));
  report.loss = position().loss / images;
  report.accuracy = static_cast<double>(position().hits) / images;
  report.lr = lr_;
  report.seconds = position().seconds;
  if (data_.validation != nullptr) report.validation = evaluate_on(*data_.validation);
  if (data_.test != nullptr) report.test = evaluate_on(*data_.test);
  position().result.epochs.push_back(report);
  choose(report);
  ++position().epoch;
  position().batch = 0;
  position().loss = 0.0;
  position().hits = 0;
  position().images = 0;
  position().seconds = 0.0;
  save();
  if (callbacks_.epoch_done) callbacks_.epoch_done(report);
}

}  // namespace gradus
