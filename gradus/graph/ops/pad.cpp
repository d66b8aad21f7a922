#include <algorithm>
#include <numeric>

#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

constexpr std::int64_t kLimit = 1 << 20;

void require_zero_padding(const NormalizeContext& context, const Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant") {
    ops::refuse(node, "attribute mode is '" + mode + "'; expected constant");
  }
  const ValueId value = node.input(2);
  if (value != kNoValue && context.graph.value(value).constant &&
      context.graph.value(value).constant->dtype() != DType::kFloat32) {
    const auto bytes = context.graph.value(value).constant->bytes();
    if (std::all_of(bytes.begin(), bytes.end(),
                    [](std::byte byte) { return byte == std::byte{}; })) {
      return;
    }
  }
  if (ops::real(context, node, 2, "value").value_or(0.0f) != 0.0f) {
    ops::refuse(node, "pads with a number that is not 0; expected 0");
  }
}

void normalize_pad(NormalizeContext& context, Node& node) {
  require_zero_padding(context, node);
  const Shape& in = ops::input_shape(context.graph, node);
  const std::size_t rank = in.size();
  std::vector<std::int64_t> all(rank);
  std::iota(all.begin(), all.end(), 0);
  const auto axes = ops::integers(context, node, 3, "axes").value_or(all);
  const auto found = ops::integers(context, node, 1, "pads").value_or(std::vector<std::int64_t>{});
  ops::axes_in(node, axes, rank);  // each once
  if (found.size() != 2 * axes.size()) {
    ops::invalid(node, "has " + std::to_string(found.size()) + " pads for " +
                           std::to_string(axes.size()) + " axes; expected two an axis");
  }
  std::vector<std::int64_t> pads(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(ops::axis_in(node, axes[i], rank));
    pads[axis] = found[i];
    pads[rank + axis] = found[axes.size() + i];
  }
  ops::drop_inputs(node, 1);
  node.attributes = {{"pads", pads}};
  if (std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; })) return;
  node.op = "Identity";
  node.attributes.clear();
}

std::vector<TensorType> infer_pad(const Graph& graph, const Node& node) {
  Shape shape = ops::input_shape(graph, node);
  const auto pads = node.integers("pads", {});
  const auto fits = [](std::int64_t pad) { return pad >= 0 && pad < kLimit; };
  if (pads.size() != 2 * shape.size() || !std::all_of(pads.begin(), pads.end(), fits)) {
    ops::refuse(
        node, "its pads are " + ops::list_text(pads) + "; expected from 0 below 2^20, two an axis");
  }
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::int64_t added = pads[axis] + pads[shape.size() + axis];
    if (shape[axis] < 0 && added > 0) ops::refuse(node, "pads the batch; expected another axis");
    if (shape[axis] >= 0) shape[axis] += added;
  }
  return {{ops::input_dtype(graph, node), shape}};
}

std::vector<Tensor> evaluate_pad(const Node& node, std::span<const Tensor* const> inputs) {
  const Tensor& in = *inputs[0];
  const auto pads = node.integers("pads", {});
  Shape shape = in.shape();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    shape[axis] += pads[axis] + pads[shape.size() + axis];
  }
  Tensor out(in.dtype(), shape);
  const auto strides = ops::strides_of(shape);
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) offset += pads[axis] * strides[axis];
  ops::put(in, out, strides, offset);
  return {std::move(out)};
}

void pad_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("pads", {}));
  node.attributes.erase("pads");
}

}  // namespace

GraphOpFamily pad_graph_op() {
  return {{.type = "Pad",
           .since = 2,
           .max_inputs = 4,
           .attributes = {"mode", "pads", "value"},
           .normalize = normalize_pad,
           .infer_shape = infer_pad,
           .evaluate = evaluate_pad,
           .to_onnx = pad_to_onnx}};
}

}  // namespace gradus
