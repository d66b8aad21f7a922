// A training from its start, or from its state file, to its end.
#include "gradus/train/train.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "gradus/base/check.h"
#include "gradus/checkpoint/graph_state.h"
#include "gradus/prepare/attributes.h"
#include "gradus/train/batches.h"
#include "gradus/train/trainer.h"

namespace gradus {

LoaderOptions Trainer::loader_options(int epoch, std::int64_t start) const {
  return {.batch_size = training().batch_size,
          .shuffle = true,
          .seed = training().seed,
          .epoch = epoch,
          .start_batch = start,
          .layout = kTrainLayout};
}

Accuracy Trainer::evaluate_on(const Dataset& data) const {
  EvalOptions options;
  options.mode = recipe_.quantize ? EvalMode::kCodes : EvalMode::kFloat;
  options.profile = recipe_.profile;
  options.batch_size = options_.evaluation_batch;
  if (callbacks_.progress) {
    options.progress = [&](std::int64_t done, std::int64_t all) {
      TrainProgress progress;
      progress.phase = TrainPhase::kEvaluate;
      progress.epoch = state_.position.epoch;
      progress.epochs = training().epochs;
      progress.step = done;
      progress.steps = all;
      callbacks_.progress(progress);
    };
  }
  return evaluate(graph_, data, options);
}

void Trainer::make_network() {
  network_ = std::make_unique<Network>(graph_);
  optimizer_ = std::make_unique<Optimizer>(training(), network_->parameters());
}

void Trainer::start() {
  at::manual_seed(training().seed);
  if (recipe_.quantize) {
    if (!is_calibrated(graph_)) {
      calibrate(graph_, recipe_, *data_.train, [&](std::int64_t done, std::int64_t all) {
        TrainProgress progress;
        progress.phase = TrainPhase::kCalibrate;
        progress.step = done;
        progress.steps = all;
        if (callbacks_.progress) callbacks_.progress(progress);
      });
    }
    const Dataset* reported = data_.test != nullptr ? data_.test : data_.validation;
    if (reported != nullptr) {
      position().result.ptq = evaluate_on(*reported);
      if (callbacks_.calibrated) callbacks_.calibrated(*position().result.ptq);
    }
    if (data_.validation != nullptr) {
      position().chosen =
          reported == data_.validation ? position().result.ptq : evaluate_on(*data_.validation);
      state_.chosen = graph_state(graph_);
    }
  }
  make_network();
}

void Trainer::resume() {
  const Checkpoint checkpoint = load_checkpoint(options_.state_file);
  check_train_state(checkpoint, graph_, recipe_, options_.state_file);
  apply_graph_state(graph_, checkpoint, options_.state_file);
  make_network();
  state_ = load_train_state(checkpoint, *network_, *optimizer_, options_.state_file);
  last_saved_step_ = position().step;
}

void Trainer::save() {
  last_save_ = Clock::now();
  last_saved_step_ = position().step;
  if (options_.state_file.empty()) return;
  network_->write_to(graph_);
  save_checkpoint(save_train_state(graph_, recipe_, *network_, *optimizer_, state_),
                  options_.state_file);
}

void Trainer::save_if_due() {
  const bool by_steps = options_.checkpoint_steps > 0 &&
                        position().step - last_saved_step_ >= options_.checkpoint_steps;
  const double elapsed = std::chrono::duration<double>(Clock::now() - last_save_).count();
  const bool by_time = options_.checkpoint_seconds > 0 && elapsed >= options_.checkpoint_seconds;
  if (by_steps || by_time) save();
}

bool Trainer::wants_stop() const {
  return (options_.max_steps > 0 && state_.position.step >= options_.max_steps) ||
         (options_.stop && options_.stop());
}

void Trainer::check_request() const {
  check(data_.train != nullptr, "training without data");
  check_data(graph_, *data_.train);
  const std::int64_t at = graph_.producer(graph_.outputs.at(0));
  if (at < 0) return;
  const Node& last = graph_.nodes[static_cast<std::size_t>(at)];
  if (last.op == "Softmax" || graph_.value(graph_.outputs[0]).dtype != DType::kFloat32) {
    refuse_node(last,
                "is the network's output; training needs the logits before it: leave it out "
                "of the exported network");
  }
}

TrainResult Trainer::run() {
  check_request();
  if (options_.threads > 0) at::set_num_threads(options_.threads);
  const std::int64_t batch = training().batch_size;
  steps_per_epoch_ = (data_.train->size() + batch - 1) / batch;
  total_steps_ = steps_per_epoch_ * training().epochs;
  warmup_steps_ = std::llround(training().warmup_epochs * static_cast<double>(steps_per_epoch_));
  const bool found = !options_.state_file.empty() && std::filesystem::exists(options_.state_file);
  options_.resume&& found ? resume() : start();
  run_start_ = last_save_ = Clock::now();
  bool interrupted = false;
  while (position().epoch < training().epochs && !interrupted) {
    interrupted = wants_stop() || !run_epoch();
  }
  network_->write_to(graph_);
  TrainResult result = position().result;
  result.interrupted = interrupted;
  result.steps = position().step;
  if (!interrupted && !state_.chosen.tensors.empty()) {
    apply_graph_state(graph_, state_.chosen, "chosen epoch");
  }
  return result;
}

TrainResult train(Graph& graph, const Recipe& recipe, const TrainData& data,
                  const RunOptions& options, const TrainCallbacks& callbacks) {
  return Trainer(graph, recipe, data, options, callbacks).run();
}

}  // namespace gradus
