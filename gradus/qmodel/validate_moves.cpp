// The operators that move codes unchanged.
#include <algorithm>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"
#include "gradus/qmodel/node_check.h"

namespace gradus {
namespace {

// The largest coordinates of a list's elements.
Place reach_of(const NodeCheck& at, const char* name, const std::vector<std::int32_t>& list,
               std::int32_t expected) {
  if (list.size() != static_cast<std::size_t>(expected)) {
    at.refuse("has " + std::to_string(list.size()) + " " + name + "; expected " +
              std::to_string(expected));
  }
  Place reach;
  for (std::int32_t number : list) {
    if (!within(number, 0, elements(at.input()) - 1)) {
      at.refuse(std::string("one of its ") + name + " is " + std::to_string(number) +
                ", past its input of " + shape_text(at.input()));
    }
    const Place place = place_of(at.input(), number);
    reach.channel = std::max(reach.channel, place.channel);
    reach.row = std::max(reach.row, place.row);
    reach.column = std::max(reach.column, place.column);
  }
  return reach;
}

}  // namespace

void check_move(const NodeCheck& at, const QSlice& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  const auto fits = [](std::int64_t begin, std::int64_t step, std::int64_t out, std::int64_t in) {
    return begin >= 0 && within(step, 1, limits::kExtent) && begin + step * (out - 1) < in;
  };
  const QTensor& in = at.input();
  const QTensor& out = at.output();
  if (!fits(op.begin_h, op.step_h, out.height, in.height) ||
      !fits(op.begin_w, op.step_w, out.width, in.width) ||
      !fits(op.begin_c, op.step_c, out.channels, in.channels)) {
    at.refuse("its output of " + shape_text(out) + " reaches past its input of " + shape_text(in));
  }
  at.expect_same_quantizer();
}

void check_move(const NodeCheck& at, const QPad& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  at.expect_pads({op.top, op.left, op.bottom, op.right, op.channels_before, op.channels_after,
                  op.between_rows, op.between_columns});
  const QTensor& in = at.input();
  at.expect_shape(at.output(),
                  in.height + (in.height - std::int64_t{1}) * op.between_rows + op.top + op.bottom,
                  in.width + (in.width - std::int64_t{1}) * op.between_columns + op.left + op.right,
                  std::int64_t{in.channels} + op.channels_before + op.channels_after);
  at.expect_same_quantizer();
}

void check_move(const NodeCheck& at, const QFlatten&) {
  at.expect_inputs(1);
  if (at.node.inputs[0] == at.model.input) {
    at.refuse("flattens the model's input; expected its codes: quantize it first");
  }
  if (at.input().kind != at.output().kind) at.refuse("its input and its output differ in kind");
  at.expect_shape(at.output(), 1, 1, elements(at.input()));
  if (at.output().kind == QTensorKind::kCodes) at.expect_same_quantizer();
}

void check_move(const NodeCheck& at, const QGather& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  const QTensor& in = at.input();
  const QTensor& out = at.output();
  const Place reach[] = {reach_of(at, "rows", op.rows, out.height),
                         reach_of(at, "columns", op.columns, out.width),
                         reach_of(at, "channels", op.channels, out.channels)};
  Place sum;
  for (const Place& place : reach) {
    sum.channel += place.channel;
    sum.row += place.row;
    sum.column += place.column;
  }
  if (sum.channel >= in.channels || sum.row >= in.height || sum.column >= in.width) {
    at.refuse("its rows, columns and channels add up past its input of " + shape_text(in));
  }
  at.expect_same_quantizer();
}

}  // namespace gradus
