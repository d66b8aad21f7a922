// The part of the program that needs libtorch, whose loading alone takes a quarter of a second. Two
// programs share the rest: `gradus` has no libtorch and hands a command that needs it to
// `gradus-training` beside it, which can do everything. Where training was not built there is none.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gradus/base/cpu.h"
#include "gradus/base/error.h"
#include "gradus/cli/command.h"
#include "gradus/cli/training/speed.h"
#include "gradus/data/accuracy.h"
#include "gradus/data/dataset.h"
#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"
#include "gradus/train/evaluate.h"

namespace gradus {

// What the commands that run without libtorch can ask of it.
struct Training {
  std::span<const Command> commands;  // those that are nothing without it
  Accuracy (*evaluate)(const Graph&, const Dataset&, const EvalOptions&);  // train/evaluate.h
  void (*calibrate)(Graph&, const Recipe&, const Dataset&);                // train/calibrate.h
  Speed (*measure_speed)(const QModel& model, const Graph& network, int threads, std::int64_t batch,
                         Isa isa, double seconds);  // speed.h
};

// What this program is linked with: with_training.cpp, or without_training.cpp, which has none.
const Training* linked_training();

// Thrown where a command needs libtorch and the program has none; main.cpp hands over. The message
// is for the user whose gradus was built without training.
class NeedsTraining : public Error {
 public:
  explicit NeedsTraining(const std::string& message) : Error(ErrorCode::kUnsupported, message) {}
};

// The linked training; throws NeedsTraining(message) where there is none.
const Training& require_training(const std::string& message);

}  // namespace gradus
