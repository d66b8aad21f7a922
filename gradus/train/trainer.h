// A training under way: what train() runs. One object, one run.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "gradus/data/loader.h"
#include "gradus/data/mix.h"
#include "gradus/train/network.h"
#include "gradus/train/optimizer.h"
#include "gradus/train/train.h"
#include "gradus/train/train_state.h"

namespace gradus {

// What training loads and libtorch computes on.
inline constexpr Layout kTrainLayout = Layout::kNhwc;

class Trainer {
 public:
  Trainer(Graph& graph, const Recipe& recipe, const TrainData& data, const RunOptions& options,
          const TrainCallbacks& callbacks)
      : graph_(graph), recipe_(recipe), data_(data), options_(options), callbacks_(callbacks) {}

  // The whole training, once.
  TrainResult run();

 private:
  using Clock = std::chrono::steady_clock;

  void start();
  void resume();
  void make_network();
  bool run_epoch();  // false: interrupted
  ForwardOptions forward_options() const;
  MixOptions mix_options() const;
  void run_step(Batch& batch);
  void count(const Batch& batch, const at::Tensor& logits, double loss);
  [[noreturn]] void refuse_loss(double loss) const;
  void finish_epoch();
  void reestimate();  // of batch-norm statistics
  void choose(const EpochReport& report);
  void check_request() const;
  bool wants_stop() const;
  void save();
  void save_if_due();
  Accuracy evaluate_on(const Dataset& data) const;
  void report_progress(std::int64_t steps);
  LoaderOptions loader_options(int epoch, std::int64_t start) const;

  TrainPosition& position() { return state_.position; }
  const TrainingRecipe& training() const { return recipe_.training; }
  // Of all steps, what is done before the coming one.
  double part_done() const {
    return static_cast<double>(state_.position.step) / static_cast<double>(total_steps_);
  }

  Graph& graph_;
  const Recipe& recipe_;
  const TrainData& data_;
  const RunOptions& options_;
  const TrainCallbacks& callbacks_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Optimizer> optimizer_;
  TrainState state_;
  std::int64_t steps_per_epoch_ = 0;
  std::int64_t total_steps_ = 0;
  std::int64_t warmup_steps_ = 0;
  double lr_ = 0.0;
  Clock::time_point run_start_ = Clock::now();
  std::int64_t run_steps_ = 0;  // of this process
  Clock::time_point last_save_ = Clock::now();
  std::int64_t last_saved_step_ = 0;
};

}  // namespace gradus
