// Accuracy of an integer network on the engine.
#pragma once

#include <cstdint>
#include <functional>

#include "gradus/data/accuracy.h"
#include "gradus/data/dataset.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

// `threads`, or as many as the machine has cores if it is 0.
int threads_or_all(int threads);

// Every sample of `data` once, in order. threads 0: all cores. Top-1 by the largest output, the
// first of equals, as evaluate() of train/evaluate.h does. Throws Error (kInvalidArgument) if the
// pictures do not fit the model.
Accuracy engine_accuracy(const QModel& model, const Dataset& data, int threads, std::int64_t batch,
                         const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace gradus
