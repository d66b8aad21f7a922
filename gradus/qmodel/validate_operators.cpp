#include <limits>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"
#include "gradus/qmodel/node_check.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_pool.h"
#include "gradus/quant/integer_rescale.h"

namespace gradus {
namespace {

constexpr std::int64_t kLargestAccumulator = std::numeric_limits<std::int32_t>::max();

void check(const NodeCheck& at, const QQuantize&) {
  at.expect_inputs(1);
  if (at.node.inputs[0] != at.model.input) {
    at.refuse("quantizes tensor '" + at.input().name + "'; expected the model's input");
  }
  at.expect_codes(at.output());
  at.expect_shape(at.output(), at.input().height, at.input().width, at.input().channels);
}

void check(const NodeCheck& at, const QConv& op) { check_linear(at, op); }
void check(const NodeCheck& at, const QFullyConnected& op) { check_linear(at, op); }

void check(const NodeCheck& at, const QAdd& op) {
  at.expect_inputs(2);
  at.expect_codes(at.output());
  for (std::size_t i = 0; i < 2; ++i) {
    at.expect_codes(at.input(i));
    at.expect_shape(at.input(i), at.output().height, at.output().width, at.output().channels);
  }
  at.expect_range(op.low, op.high);
  at.expect_arithmetic([&] {
    make_integer_add(at.model.profile, quantizer_of(at.input(0)), quantizer_of(at.input(1)),
                     quantizer_of(at.output()), op.low, op.high);
  });
}

void check_average(const NodeCheck& at, const QPool& op) {
  const std::int64_t window = std::int64_t{op.kernel_h} * op.kernel_w;
  const Grid& grid = at.input().grid;
  if (window > limits::kPoolWindow ||
      window * (grid.quant_max - grid.quant_min) > kLargestAccumulator) {
    at.refuse("averages " + std::to_string(window) + " elements, too many for an exact sum");
  }
  if (at.output().kind == QTensorKind::kFloat) return;
  at.expect_range(op.low, op.high);
  at.expect_arithmetic([&] {
    make_integer_average_pool(at.model.profile, quantizer_of(at.input()),
                              quantizer_of(at.output()), op.low, op.high,
                              static_cast<std::int32_t>(window));
  });
}

void check(const NodeCheck& at, const QPool& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  // Else a window could hold nothing but padding, which has neither a maximum nor an average.
  if (op.pad_top >= op.kernel_h || op.pad_bottom >= op.kernel_h || op.pad_left >= op.kernel_w ||
      op.pad_right >= op.kernel_w) {
    at.refuse("a pad is as large as its window; expected smaller");
  }
  at.expect_window({op.kernel_h, op.kernel_w, op.stride_h, op.stride_w, 1, 1, op.pad_top,
                    op.pad_left, op.pad_bottom, op.pad_right},
                   at.input().channels);
  if (op.average) return check_average(at, op);
  at.expect_codes(at.output());
  at.expect_same_quantizer();
}

void check(const NodeCheck& at, const QConcat& op) {
  if (at.node.inputs.empty()) at.refuse("has no input");
  at.expect_codes(at.output());
  at.expect_range(op.low, op.high);
  std::int64_t channels = 0;
  for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
    at.expect_codes(at.input(i));
    at.expect_shape(at.input(i), at.output().height, at.output().width, at.input(i).channels);
    channels += at.input(i).channels;
    at.expect_arithmetic([&] {
      make_integer_rescale(at.model.profile, quantizer_of(at.input(i)), quantizer_of(at.output()),
                           op.low, op.high);
    });
  }
  if (channels != at.output().channels) {
    at.refuse("its inputs have " + std::to_string(channels) + " channels together, its output " +
              std::to_string(at.output().channels));
  }
}

void check(const NodeCheck& at, const QRescale& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  at.expect_shape(at.output(), at.input().height, at.input().width, at.input().channels);
  at.expect_range(op.low, op.high);
  at.expect_arithmetic([&] {
    make_integer_rescale(at.model.profile, quantizer_of(at.input()), quantizer_of(at.output()),
                         op.low, op.high);
  });
}

void check(const NodeCheck& at, const QDequantize&) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  if (at.output().kind != QTensorKind::kFloat) at.refuse("its output holds codes; expected floats");
  at.expect_shape(at.output(), at.input().height, at.input().width, at.input().channels);
}

void check(const NodeCheck& at, const QSlice& op) {
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

void check(const NodeCheck& at, const QPad& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  at.expect_pads({op.top, op.left, op.bottom, op.right, op.channels_before, op.channels_after});
  const QTensor& in = at.input();
  at.expect_shape(at.output(), std::int64_t{in.height} + op.top + op.bottom,
               std::int64_t{in.width} + op.left + op.right,
               std::int64_t{in.channels} + op.channels_before + op.channels_after);
  at.expect_same_quantizer();
}

void check(const NodeCheck& at, const QFlatten&) {
  at.expect_inputs(1);
  if (at.node.inputs[0] == at.model.input) {
    at.refuse("flattens the model's input; expected its codes: quantize it first");
  }
  if (at.input().kind != at.output().kind) at.refuse("its input and its output differ in kind");
  at.expect_shape(at.output(), 1, 1, elements(at.input()));
  if (at.output().kind == QTensorKind::kCodes) at.expect_same_quantizer();
}

}  // namespace

void check_operator(const NodeCheck& at) {
  std::visit([&](const auto& op) { check(at, op); }, at.node.op);
}

}  // namespace gradus
