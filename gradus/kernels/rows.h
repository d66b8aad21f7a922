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

// Calls run(a, b, out, length) for every run of rows [begin, end) of args.a, args.b and args.out.
template <typename Args, typename Run>
void for_each_run(const Args& args, std::int64_t begin, std::int64_t end, const Run& run) {
  const RowRuns runs = row_runs(args.out, dense(args.a) && dense(args.b) && dense(args.out));
  for (std::int64_t item = begin; item < end; ++item) {
    const std::uint8_t* a = row_of(args.a, item);
    const std::uint8_t* b = row_of(args.b, item);
    std::uint8_t* out = row_of(args.out, item);
    for (std::int64_t i = 0; i < runs.count; ++i) {
      run(a, b, out, runs.length);
      a += args.a.pixel_step;
      b += args.b.pixel_step;
      out += args.out.pixel_step;
    }
  }
}

}  // namespace
}  // namespace gradus::kernels
