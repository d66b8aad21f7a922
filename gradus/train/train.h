// Training: float, or quantization-aware from the best PTQ point; checkpointed so that a run that
// is stopped at any moment continues to the same bits. Free of libtorch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"
#include "gradus/train/calibrate.h"
#include "gradus/train/evaluate.h"

namespace gradus {

class Dataset;

struct TrainData {
  const Dataset* train = nullptr;  // the training split, with its augmentation
  // What to choose the best epoch by; never the test split. Null: the last epoch is kept.
  const Dataset* validation = nullptr;
  const Dataset* test = nullptr;  // only reported; may be null
};

struct RunOptions {
  // The file that makes the run resumable, e.g. RUN/state.safetensors; empty: none is written.
  std::string state_file = {};
  bool resume = false;  // continue from state_file if it is there, else start
  int threads = 0;      // 0: as libtorch is set; results are the same bits only for the same number
  double checkpoint_seconds = 60.0;   // 0: only at the end of epochs
  std::int64_t checkpoint_steps = 0;  // 0: by time
  std::int64_t evaluation_batch = 100;
  std::int64_t max_steps = 0;       // stop, resumable, after so many steps in all; 0: no limit
  std::function<bool()> stop = {};  // asked after every step; true: save and return
};

enum class TrainPhase { kCalibrate, kEvaluate, kTrain, kReestimate };

struct TrainProgress {
  TrainPhase phase = TrainPhase::kTrain;
  int epoch = 0;  // from 1
  int epochs = 0;
  std::int64_t step = 0;   // within the epoch, from 1; images where phase is not kTrain
  std::int64_t steps = 0;  // in the epoch; images likewise
  double loss = 0.0;       // mean of this epoch so far
  double accuracy = 0.0;   // top-1 on the training batches of this epoch so far
  double lr = 0.0;
  double images_per_second = 0.0;
  double seconds_left = 0.0;  // of the whole training
};

struct EpochReport {
  int epoch = 0;  // from 1
  double loss = 0.0;
  double accuracy = 0.0;               // on the training batches
  double lr = 0.0;                     // of the last step
  std::optional<Accuracy> validation;  // integer accuracy where the recipe quantizes
  std::optional<Accuracy> test;
  double seconds = 0.0;
};

struct TrainCallbacks {                                // any may be empty
  std::function<void(const TrainProgress&)> progress;  // after every step
  // Before the first step, if the recipe quantizes: the integer accuracy after calibration alone,
  // on test, else on validation; not called where both are null.
  std::function<void(const Accuracy& ptq)> calibrated;
  std::function<void(const EpochReport&)> epoch_done;
};

struct TrainResult {
  std::optional<Accuracy> ptq;
  std::vector<EpochReport> epochs;
  int chosen_epoch = 0;      // 0: the calibrated network, which no epoch beat on validation
  bool interrupted = false;  // stopped early; resume continues
  std::int64_t steps = 0;
};

// Trains the prepared `graph` in place by recipe.training. If recipe.quantize, quantizers without
// parameters are calibrated first. At the end the graph holds the chosen epoch's weights,
// batch-norm statistics and quantizer parameters (the current ones if interrupted). Weight decay
// acts on convolution and gemm weights only. Throws Error: kFailed naming epoch and step if the
// loss is not finite; kInvalidArgument if the state file belongs to another recipe or network;
// kUnsupported naming a node without training.
TrainResult train(Graph& graph, const Recipe& recipe, const TrainData& data,
                  const RunOptions& options, const TrainCallbacks& callbacks = {});

}  // namespace gradus
