// Operators over several values at once that have no integer form of their own: reductions,
// softmaxes, normalizations, the transposed convolution.
#include <ATen/ATen.h>

#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

using Inputs = std::span<const at::Tensor>;

at::Tensor softmax(const FloatContext&, const Node& node, Inputs in) {
  return at::softmax(in[0], node.integer("axis", -1));
}
at::Tensor log_softmax(const FloatContext&, const Node& node, Inputs in) {
  return at::log_softmax(in[0], node.integer("axis", -1));
}

at::Tensor reduce(const FloatContext&, const Node& node, Inputs in) {
  const at::Tensor& x = in[0];
  const std::vector<std::int64_t> axes = node.integers("axes", {});
  if (node.op == "ReduceMean") return at::mean(x, axes, true);
  if (node.op == "ReduceMax") return at::amax(x, axes, true);
  if (node.op == "ReduceMin") return at::amin(x, axes, true);
  if (node.op == "ReduceL1") return at::sum(at::abs(x), axes, true);
  if (node.op == "ReduceL2") return at::sqrt(at::sum(x * x, axes, true));
  if (node.op == "ReduceSumSquare") return at::sum(x * x, axes, true);
  return at::sum(x, axes, true);
}

at::Tensor multiply_along(const FloatContext&, const Node& node, Inputs in) {
  at::Tensor y = in[0];
  for (std::int64_t axis : node.integers("axes", {})) y = at::prod(y, axis, true);
  return y;
}

at::Tensor matmul(const FloatContext&, const Node&, Inputs in) { return at::matmul(in[0], in[1]); }

at::Tensor instance_norm(const FloatContext&, const Node& node, Inputs in) {
  return at::instance_norm(in[0], in[1], in[2], {}, {}, true, 0.1,
                           static_cast<double>(node.real("epsilon", 1e-5f)), false);
}

at::Tensor layer_norm(const FloatContext&, const Node& node, Inputs in) {
  return at::layer_norm(in[0], in[1].sizes(), in[1], in[2],
                        static_cast<double>(node.real("epsilon", 1e-5f)), false);
}

// The window of `size` channels is the one of ONNX: floor((size - 1) / 2) before.
at::Tensor local_response(const FloatContext&, const Node& node, Inputs in) {
  const at::Tensor& x = in[0];
  const std::int64_t size = node.integer("size", 1);
  const std::int64_t before = (size - 1) / 2;
  std::vector<std::int64_t> pads(static_cast<std::size_t>(2 * (x.dim() - 1)), 0);
  pads[pads.size() - 2] = before;
  pads[pads.size() - 1] = size - 1 - before;
  const at::Tensor sums = at::constant_pad_nd(x * x, pads, 0.0).unfold(1, size, 1).sum(-1);
  const auto real = [&](const char* key, float otherwise) {
    return static_cast<double>(node.real(key, otherwise));
  };
  const at::Tensor scaled =
      sums * (real("alpha", 1e-4f) / static_cast<double>(size)) + real("bias", 1.0f);
  return x / at::pow(scaled, real("beta", 0.75f));
}

at::Tensor conv_transpose(const FloatContext&, const Node& node, Inputs in) {
  const auto pads = node.integers("pads", {0, 0, 0, 0});
  auto added = node.integers("output_padding", {0, 0});
  // What ends at the bottom and right is cut off afterwards.
  const at::Tensor y = at::conv_transpose2d(
      in[0], in[1], in.size() > 2 ? in[2] : at::Tensor(), node.integers("strides", {1, 1}), {0, 0},
      added, node.integer("group", 1), node.integers("dilations", {1, 1}));
  return at::slice(at::slice(y, 2, pads[0], y.size(2) - pads[2]), 3, pads[1], y.size(3) - pads[3]);
}

// One that only puts zeros between the pixels of a map: all that has an integer form.
CodeFunction spread_codes(const CodeContext& context, const Node& node) {
  const CodeFunction rescale = rescaled_codes(context, node, node.inputs.at(0));
  const auto strides = node.integers("strides", {1, 1});
  return [strides, rescale](std::span<const at::Tensor> inputs) {
    const at::Tensor& x = inputs[0];
    at::Tensor y = at::zeros(
        {x.size(0), x.size(1), (x.size(2) - 1) * strides[0] + 1, (x.size(3) - 1) * strides[1] + 1},
        x.options());
    at::slice(at::slice(y, 2, 0, y.size(2), strides[0]), 3, 0, y.size(3), strides[1]).copy_(x);
    y = y.contiguous(at::MemoryFormat::ChannelsLast);
    return rescale(std::span(&y, 1));
  };
}

}  // namespace

TrainOpFamily normalization_train_op() {
  TrainOpFamily family = {
      {.op = "Softmax", .forward = softmax},
      {.op = "LogSoftmax", .forward = log_softmax},
      {.op = "InstanceNormalization", .forward = instance_norm},
      {.op = "LayerNormalization", .forward = layer_norm},
      {.op = "LRN", .forward = local_response},
      {.op = "MatMul", .forward = matmul},
      {.op = "ReduceProd", .forward = multiply_along},
      {.op = "ConvTranspose", .forward = conv_transpose, .codes = spread_codes}};
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1",
                         "ReduceL2", "ReduceSumSquare"}) {
    family.push_back({.op = op, .forward = reduce});
  }
  return family;
}

}  // namespace gradus
