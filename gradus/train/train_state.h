// Everything of a training under way that a resumed run needs, and its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gradus/checkpoint/checkpoint.h"
#include "gradus/recipe/recipe.h"
#include "gradus/train/network.h"
#include "gradus/train/optimizer.h"
#include "gradus/train/train.h"

namespace gradus {

// Where training stands, beside tensors.
struct TrainPosition {
  std::int64_t step = 0;   // steps done in all
  std::int64_t batch = 0;  // batches done of the current epoch
  int epoch = 0;           // epochs done
  // Sums over the current epoch.
  double loss = 0.0;
  std::int64_t hits = 0;
  std::int64_t images = 0;
  double seconds = 0.0;
  std::optional<Accuracy> chosen;  // validation accuracy of the epoch to keep
  TrainResult result;              // as of the last epoch that is done
};

struct TrainState {
  TrainPosition position;
  Checkpoint chosen;  // graph_state() of the epoch to keep; empty: the current one
};

// The current state as one checkpoint. `graph` holds the network's current values.
Checkpoint save_train_state(const Graph& graph, const Recipe& recipe, Network& network,
                            const Optimizer& optimizer, const TrainState& state);

// Throws Error (kInvalidArgument), starting with `where`, if the file is of another recipe or
// network.
void check_train_state(const Checkpoint& checkpoint, const Graph& graph, const Recipe& recipe,
                       const std::string& where);

// After the graph's own tensors were applied and network and optimizer made from it: the rest.
// Throws Error (kInvalidFile), starting with `where`, if something is missing or does not fit.
TrainState load_train_state(const Checkpoint& checkpoint, Network& network, Optimizer& optimizer,
                            const std::string& where);

}  // namespace gradus
