// Weights of one number throughout (Tensor::filled) have no bytes. Where a pass has to make them,
// one by one, it makes so many: networks that are shipped without trained weights have less, and a
// file of a few hundred bytes cannot ask for more.
#pragma once

#include <cstdint>

#include "gradus/graph/tensor.h"

namespace gradus {

constexpr std::int64_t kMostFilledMade = std::int64_t{1} << 25;  // elements

class FilledBudget {
 public:
  // Whether the bytes of `tensor` may be made. Always, where they are there.
  bool take(const Tensor& tensor) {
    if (tensor.bytes_unmade() == 0) return true;
    if (tensor.size() > left_) return false;
    left_ -= tensor.size();
    return true;
  }

 private:
  std::int64_t left_ = kMostFilledMade;
};

}  // namespace gradus
