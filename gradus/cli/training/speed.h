// How fast a network runs here: the engine and float libtorch, in turns, in one process.
#pragma once

#include <cstdint>

#include "gradus/base/cpu.h"
#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct Speed {
  double integer_ms = 0.0;  // one image, the median over runs
  double float_ms = 0.0;    // the same network in float on libtorch
};

// Runs both in turns on `batch` images for about `seconds` in all. `network` is the float graph as
// imported; its batch norms are folded before it is timed. Sets libtorch's number of threads.
Speed measure_speed(const QModel& model, const Graph& network, int threads, std::int64_t batch,
                    Isa isa, double seconds);

}  // namespace gradus
