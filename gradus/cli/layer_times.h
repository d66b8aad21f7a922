// Time of each layer of an integer network on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/cpu.h"
#include "gradus/qmodel/qmodel.h"
#include "gradus/runtime/engine.h"

namespace gradus {

struct LayerTime {
  NodeInfo info;
  double ms = 0.0;     // one image, the median over runs
  double gmacs = 0.0;  // multiply-adds a second, in units of 1e9
};

struct ModelTime {
  std::vector<LayerTime> layers;
  double ms = 0.0;          // one image, the whole network, the median over runs
  double peak_gmacs = 0.0;  // of one thread, measured between the runs
  std::int64_t macs = 0;
};

// Runs `batch` images in turns with the machine's peak loop for about `seconds`, and takes medians.
ModelTime time_model(const QModel& model, int threads, std::int64_t batch, Isa isa, double seconds);

}  // namespace gradus
