#include "gradus/fakequant/histogram_observer.h"

namespace gradus {
namespace {

Range choose(const Histogram& histogram, const ObserverOptions& options) {
  return percentile_range(histogram, static_cast<double>(options.percentile), options.spec);
}

}  // namespace

ObserverType percentile_observer() {
  return {.name = "percentile",
          .reference = "Wu et al., arXiv:2004.09602v1, section 3.3: percentile calibration",
          .averages = true,
          .clips = true,
          .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
            return std::make_unique<HistogramObserver>(options, choose);
          }};
}

}  // namespace gradus
