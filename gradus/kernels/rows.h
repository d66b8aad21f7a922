// Rows of elements for the kernels that work element by element. In an unnamed namespace: files
// compiled for different instruction sets must not share code.
#pragma once

#include "gradus/kernels/tensor_view.h"

namespace gradus::kernels {
namespace {

inline std::uint8_t* row_of(const ActivationView& view, std::int64_t item) {
  return view.data + item / view.height * view.image_step + item % view.height * view.row_step;
}

inline bool dense(const ActivationView& view) { return view.pixel_step == view.channels; }

// A row as runs of consecutive elements: one run if every view is dense, else one a pixel.
struct RowRuns {
  std::int64_t count, length;
};

inline RowRuns row_runs(const ActivationView& view, bool all_dense) {
  if (all_dense) return {1, std::int64_t{view.width} * view.channels};
  return {view.width, view.channels};
}

}  // namespace
}  // namespace gradus::kernels
