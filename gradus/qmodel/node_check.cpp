#include "gradus/qmodel/node_check.h"

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"

namespace gradus {

void NodeCheck::refuse(const std::string& text) const {
  throw Error(ErrorCode::kInvalidFile,
              where + ": node '" + node.name + "' (" + operator_name(node.op) + "): " + text);
}

void NodeCheck::expect_inputs(std::size_t count) const {
  if (node.inputs.size() != count) {
    refuse("has " + std::to_string(node.inputs.size()) + " inputs; expected " +
           std::to_string(count));
  }
}

void NodeCheck::expect_codes(const QTensor& tensor) const {
  if (tensor.kind != QTensorKind::kCodes) {
    refuse("tensor '" + tensor.name + "' holds floats; expected codes");
  }
}

void NodeCheck::expect_shape(const QTensor& tensor, std::int64_t height, std::int64_t width,
                             std::int64_t channels) const {
  if (tensor.height != height || tensor.width != width || tensor.channels != channels) {
    refuse("tensor '" + tensor.name + "' is " + shape_text(tensor) + "; expected " +
           std::to_string(height) + "x" + std::to_string(width) + "x" + std::to_string(channels));
  }
}

void NodeCheck::expect_broadcast(const QTensor& tensor) const {
  const bool pixel = tensor.height == 1 && tensor.width == 1;
  expect_shape(tensor, pixel ? 1 : output().height, pixel ? 1 : output().width, output().channels);
}

void NodeCheck::expect_same_quantizer() const {
  if (input().bits != output().bits || quantizer_of(input()) != quantizer_of(output())) {
    refuse("the quantizers of its input and its output differ; expected equal ones");
  }
}

void NodeCheck::expect_range(std::int32_t low, std::int32_t high) const {
  const Grid& grid = output().grid;
  if (low > high || low < grid.quant_min || high > grid.quant_max) {
    refuse("clamps its codes to " + std::to_string(low) + ".." + std::to_string(high) +
           "; expected a range within " + std::to_string(grid.quant_min) + ".." +
           std::to_string(grid.quant_max));
  }
}

void NodeCheck::expect_pads(std::initializer_list<std::int32_t> pads) const {
  for (std::int32_t pad : pads) {
    if (!within(pad, 0, limits::kExtent)) {
      refuse("a pad is " + std::to_string(pad) + "; expected 0 to " +
             std::to_string(limits::kExtent));
    }
  }
}

void NodeCheck::expect_window(const WindowNumbers& w, std::int64_t channels) const {
  for (std::int32_t value :
       {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) {
    if (!within(value, 1, limits::kExtent)) {
      refuse("a kernel size, stride or dilation is " + std::to_string(value) + "; expected 1 to " +
             std::to_string(limits::kExtent));
    }
  }
  expect_pads({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right});
  const QTensor& in = input();
  const std::int64_t padded = (std::int64_t{in.height} + w.pad_top + w.pad_bottom) *
                              (std::int64_t{in.width} + w.pad_left + w.pad_right);
  if (padded > limits::kTensorElements / in.channels) {
    refuse("its padded input has more than " + std::to_string(limits::kTensorElements) +
           " elements an image");
  }
  expect_shape(
      output(),
      window_positions(in.height, w.pad_top, w.pad_bottom, w.kernel_h, w.dilation_h, w.stride_h),
      window_positions(in.width, w.pad_left, w.pad_right, w.kernel_w, w.dilation_w, w.stride_w),
      channels);
}

}  // namespace gradus
