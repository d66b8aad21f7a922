#include "gradus/cli/training/training.h"
#include "gradus/train/calibrate.h"

namespace gradus {

std::span<const Command> training_commands();  // the registry

const Training* linked_training() {
  static const Training training = {
      .commands = training_commands(),
      .evaluate = evaluate,
      .calibrate = [](Graph& graph, const Recipe& recipe,
                      const Dataset& data) { calibrate(graph, recipe, data); },
      .measure_speed = measure_speed,
  };
  return &training;
}

}  // namespace gradus
