#include "gradus/fakequant/histogram_observer.h"

namespace gradus {
namespace {

Range choose(const Histogram& histogram, const ObserverOptions& options) {
  return least_divergence_range(histogram, options.spec);
}

}  // namespace

ObserverType entropy_observer() {
  return {.name = "entropy",
          .reference =
              "Migacz, 8-bit Inference with TensorRT, GTC 2017; Wu et al., "
              "arXiv:2004.09602v1, section 3.3: entropy calibration",
          .averages = true,
          .clips = true,
          .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
            return std::make_unique<HistogramObserver>(options, choose);
          }};
}

}  // namespace gradus
