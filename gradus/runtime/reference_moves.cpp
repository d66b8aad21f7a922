#include <algorithm>

#include "gradus/runtime/reference_run.h"

namespace gradus::reference {

void apply(const Run& run, const QSlice& op) {
  for_each_element(
      run.out(), run.batch, [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
        run.output().codes[place(run.out(), n, c, y, x)] =
            run.input().codes[place(run.in(), n, op.begin_c + op.step_c * c,
                                    op.begin_h + op.step_h * y, op.begin_w + op.step_w * x)];
      });
}

void apply(const Run& run, const QPad& op) {
  std::fill(run.output().codes.begin(), run.output().codes.end(), run.out().zero_point);
  for_each_element(run.in(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                     const std::int64_t row = op.top + y * (op.between_rows + 1);
                     const std::int64_t column = op.left + x * (op.between_columns + 1);
                     run.output().codes[place(run.out(), n, c + op.channels_before, row, column)] =
                         run.input().codes[place(run.in(), n, c, y, x)];
                   });
}

// [batch, channels, height, width] is ONNX's order already.
void apply(const Run& run, const QFlatten&) { run.output() = run.input(); }

void apply(const Run& run, const QGather& op) {
  const auto at = [](const std::vector<std::int32_t>& list, std::int64_t i) {
    return list[static_cast<std::size_t>(i)];
  };
  for_each_element(
      run.out(), run.batch, [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
        const std::int64_t from =
            n * elements(run.in()) + at(op.rows, y) + at(op.columns, x) + at(op.channels, c);
        run.output().codes[place(run.out(), n, c, y, x)] =
            run.input().codes[static_cast<std::size_t>(from)];
      });
}

}  // namespace gradus::reference
