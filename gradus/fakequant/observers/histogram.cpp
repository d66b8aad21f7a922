#include "gradus/fakequant/histogram_observer.h"

namespace gradus {
namespace {

Range choose(const Histogram& histogram, const ObserverOptions& options) {
  return least_error_range(histogram, options.spec);
}

}  // namespace

// Like mse, over the counts of every value instead of over a sample of them.
ObserverType histogram_observer() {
  return {
      .name = "histogram",
      .reference = "Nagel et al., arXiv:2106.08295v1, section 3.1: range of least squared error",
      .averages = true,
      .clips = true,
      .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
        return std::make_unique<HistogramObserver>(options, choose);
      }};
}

}  // namespace gradus
