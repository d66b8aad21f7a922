// The part that observers with a histogram share: one a tensor, or one a channel.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "gradus/fakequant/histogram.h"
#include "gradus/fakequant/observer.h"

namespace gradus {

// 2^14 bins a tensor; channels share 2^22, at least 2^8 each (32 MiB at most up to 2^14 channels).
// The ranges depend on the values alone, not on their batches, order or the number of threads.
class HistogramObserver : public Observer {
 public:
  using Choose = Range (*)(const Histogram& histogram, const ObserverOptions& options);
  HistogramObserver(const ObserverOptions& options, Choose choose)
      : options_(options), choose_(choose) {}

  void observe(const at::Tensor& x) override;
  std::vector<Range> ranges() const override;

 private:
  ObserverOptions options_;
  Choose choose_;
  std::vector<Histogram> histograms_;
};

}  // namespace gradus
