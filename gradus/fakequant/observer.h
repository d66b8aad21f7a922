// How the range of a tensor is found. One observer is one file in observers/ and one line in
// CMakeLists.txt. Recipes name them by `observer`.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/fakequant/fake_quant.h"
#include "gradus/quant/quantizer.h"

namespace gradus {

struct ObserverOptions {
  QuantizerSpec spec;
  float averaging_constant = 0.01f;  // of moving_average_minmax, (0, 1]
  float percentile = 99.99f;         // of percentile, (50, 100]
  Range given = {};                  // of given
};

// Sees batches one after another, each in one part or several: all tensors that one quantizer has.
// Its memory does not grow with their number.
class Observer {
 public:
  virtual ~Observer() = default;
  // x float32, not empty, the same number of channels every time.
  virtual void observe(const at::Tensor& x) = 0;
  // What is observed from here on is of the next batch. Matters to averages over batches alone.
  virtual void end_batch() {}
  // The range to quantize to, one or one a channel. Empty ranges if nothing was observed.
  virtual std::vector<Range> ranges() const = 0;
};

struct ObserverType {
  const char* name;
  const char* reference;
  bool averages;       // a moving average of the batches, not their extremes
  bool clips;          // cuts off what lies outside; training keeps to the fraction it found
  bool fixed = false;  // sees nothing: the range stays as it is, in training too
  std::unique_ptr<Observer> (*make)(const ObserverOptions& options);
};

// In the order of CMakeLists.txt.
std::span<const ObserverType> observers();

// Throws Error (kInvalidArgument), naming the nearest one, if there is no such observer.
const ObserverType& find_observer(const std::string& name);

// Scale and zero point of each range by choose_parameters. Throws Error (kFailed) if one is not
// finite or empty.
QuantizationParameters parameters_of(std::span<const Range> ranges, const QuantizerSpec& spec);

}  // namespace gradus
