#include <limits>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"
#include "gradus/qmodel/node_check.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_multiply.h"
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

// Two tensors of codes that meet element by element.
void check_pair(const NodeCheck& at) {
  at.expect_inputs(2);
  at.expect_codes(at.output());
  for (std::size_t i = 0; i < 2; ++i) {
    at.expect_codes(at.input(i));
    at.expect_broadcast(at.input(i));
  }
}

void check(const NodeCheck& at, const QAdd& op) {
  check_pair(at);
  at.expect_range(op.low, op.high);
  at.expect_arithmetic([&] {
    make_integer_add(at.model.profile, quantizer_of(at.input(0)), quantizer_of(at.input(1)),
                     quantizer_of(at.output()), op.low, op.high, op.subtract);
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
    make_integer_average_pool(at.model.profile, quantizer_of(at.input()), quantizer_of(at.output()),
                              op.low, op.high, static_cast<std::int32_t>(window));
  });
}

// Every window along one axis has a tap in the picture: where taps are far apart, it may lie
// between two of them.
struct Axis {
  std::int64_t kernel, dilation, stride, pad, in, out;
};
void check_taps(const NodeCheck& at, const Axis& axis) {
  for (std::int64_t i = 0; axis.dilation > 1 && i < axis.out; ++i) {
    const std::int64_t start = i * axis.stride - axis.pad;
    const std::int64_t first = start >= 0 ? 0 : (axis.dilation - 1 - start) / axis.dilation;
    if (first >= axis.kernel || start + first * axis.dilation >= axis.in) {
      at.refuse("a window of its dilated kernel holds nothing but padding");
    }
  }
}

void check(const NodeCheck& at, const QPool& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  // Else a window could hold nothing but padding, which has neither a maximum nor an average.
  if (op.pad_top >= op.kernel_h || op.pad_bottom >= op.kernel_h || op.pad_left >= op.kernel_w ||
      op.pad_right >= op.kernel_w) {
    at.refuse("a pad is as large as its window; expected smaller");
  }
  at.expect_window({op.kernel_h, op.kernel_w, op.stride_h, op.stride_w, op.dilation_h,
                    op.dilation_w, op.pad_top, op.pad_left, op.pad_bottom, op.pad_right},
                   at.input().channels);
  check_taps(at, {op.kernel_h, op.dilation_h, op.stride_h, op.pad_top, at.input().height,
                  at.output().height});
  check_taps(at, {op.kernel_w, op.dilation_w, op.stride_w, op.pad_left, at.input().width,
                  at.output().width});
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

void check(const NodeCheck& at, const QLookup& op) {
  at.expect_inputs(1);
  at.expect_codes(at.input());
  at.expect_codes(at.output());
  at.expect_shape(at.output(), at.input().height, at.input().width, at.input().channels);
  const Grid& in = at.input().grid;
  const Grid& out = at.output().grid;
  const auto codes = static_cast<std::size_t>(in.quant_max - in.quant_min + 1);
  const std::size_t all = codes * static_cast<std::size_t>(at.input().channels);
  if (op.table.size() != codes && op.table.size() != all) {
    at.refuse("its table has " + std::to_string(op.table.size()) + " entries; expected " +
              std::to_string(codes) + ", or as many for each of " +
              std::to_string(at.input().channels) + " channels");
  }
  for (std::uint8_t entry : op.table) {
    if (entry > out.quant_max - out.quant_min) {
      at.refuse("its table holds " + std::to_string(entry) + "; expected at most " +
                std::to_string(out.quant_max - out.quant_min));
    }
  }
}

void check(const NodeCheck& at, const QMultiply& op) {
  check_pair(at);
  at.expect_range(op.low, op.high);
  at.expect_arithmetic([&] {
    make_integer_multiply(at.model.profile, quantizer_of(at.input(0)), quantizer_of(at.input(1)),
                          quantizer_of(at.output()), op.low, op.high);
  });
}

void check(const NodeCheck& at, const QSlice& op) { check_move(at, op); }
void check(const NodeCheck& at, const QPad& op) { check_move(at, op); }
void check(const NodeCheck& at, const QFlatten& op) { check_move(at, op); }
void check(const NodeCheck& at, const QGather& op) { check_move(at, op); }
void check(const NodeCheck& at, const QIsland& op) { check_island(at, op); }

}  // namespace

void check_operator(const NodeCheck& at) {
  if (!std::holds_alternative<QIsland>(at.node.op)) {
    bool planes = at.output().kind == QTensorKind::kPlanes;
    for (std::size_t i = 0; i < at.node.inputs.size(); ++i) {
      planes = planes || at.input(i).kind == QTensorKind::kPlanes;
    }
    if (planes) at.refuse("has a tensor of floats in ONNX's order; only an island may");
  }
  std::visit([&](const auto& op) { check(at, op); }, at.node.op);
}

}  // namespace gradus
