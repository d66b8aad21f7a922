// What the loops of the reference share. Used by reference*.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/qmodel.h"
#include "gradus/runtime/reference.h"

namespace gradus::reference {

// Position of an element in [batch, channels, height, width].
inline std::size_t place(const QTensor& t, std::int64_t n, std::int64_t c, std::int64_t y,
                         std::int64_t x) {
  return static_cast<std::size_t>(((n * t.channels + c) * t.height + y) * t.width + x);
}

template <typename Body>
void for_each_element(const QTensor& t, std::int64_t batch, const Body& body) {
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t c = 0; c < t.channels; ++c) {
      for (std::int64_t y = 0; y < t.height; ++y) {
        for (std::int64_t x = 0; x < t.width; ++x) body(n, c, y, x);
      }
    }
  }
}

struct Run {
  const QModel& model;
  const QNode& node;
  std::int64_t batch;
  std::vector<ReferenceTensor>& results;

  const QTensor& in(std::size_t i = 0) const {
    return model.tensors[static_cast<std::size_t>(node.inputs[i])];
  }
  const QTensor& out() const { return model.tensors[static_cast<std::size_t>(node.output)]; }
  const ReferenceTensor& input(std::size_t i = 0) const {
    return results[static_cast<std::size_t>(node.inputs[i])];
  }
  ReferenceTensor& output() const { return results[static_cast<std::size_t>(node.output)]; }

  // The code of an element minus the zero point; 0 (real zero) outside the picture.
  std::int32_t centered(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
    if (y < 0 || y >= in().height || x < 0 || x >= in().width) return 0;
    return input().codes[place(in(), n, c, y, x)] - in().zero_point;
  }
};

// The operators that move codes unchanged.
void apply(const Run& run, const QSlice& op);
void apply(const Run& run, const QPad& op);
void apply(const Run& run, const QFlatten& op);
void apply(const Run& run, const QGather& op);

}  // namespace gradus::reference
