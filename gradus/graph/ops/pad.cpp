#include <algorithm>
#include <numeric>

#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

constexpr std::int64_t kLimit = 1 << 20;
using Sizes = std::vector<std::int64_t>;

// What a Pad of any opset asks for: all befores, then all afters, one an axis.
Sizes read_pads(const NormalizeContext& context, const Node& node, std::size_t rank) {
  Sizes all(rank);
  std::iota(all.begin(), all.end(), 0);
  const auto axes = ops::integers(context, node, 3, "axes").value_or(all);
  const auto found = ops::integers(context, node, 1, "pads").value_or(Sizes{});
  ops::axes_in(node, axes, rank);  // each once
  if (found.size() != 2 * axes.size()) {
    ops::invalid(node, "has " + std::to_string(found.size()) + " pads for " +
                           std::to_string(axes.size()) + " axes; expected two an axis");
  }
  Sizes pads(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(ops::axis_in(node, axes[i], rank));
    pads[axis] = found[i];
    pads[rank + axis] = found[axes.size() + i];
  }
  for (std::int64_t pad : pads) {
    if (pad <= -kLimit || pad >= kLimit) {
      ops::invalid(node, "its pads are " + ops::list_text(pads) + "; expected less than 2^20 each");
    }
  }
  return pads;
}

// The number that is padded with. Throws where it is not known at import, or is no 0 for integers.
float read_value(const NormalizeContext& context, const Node& node) {
  const ValueId id = node.input(2);
  const bool is_float = ops::input_dtype(context.graph, node) == DType::kFloat32;
  if (id == kNoValue || is_float) return ops::real(context, node, 2, "value").value_or(0.0f);
  const auto& constant = context.graph.value(id).constant;
  const auto zero = [](std::byte byte) { return byte == std::byte{}; };
  if (!constant || constant->size() != 1 ||
      !std::all_of(constant->bytes().begin(), constant->bytes().end(), zero)) {
    ops::refuse(node, "pads integers with a number that is not 0; expected 0");
  }
  return 0.0f;
}

// Which element of an axis of `size` stands at position `at`, which may be outside it.
std::int64_t mirrored(const std::string& mode, std::int64_t at, std::int64_t size) {
  if (mode == "edge") return std::clamp<std::int64_t>(at, 0, size - 1);
  if (mode == "wrap") return (at % size + size) % size;
  if (size == 1) return 0;
  const std::int64_t period = 2 * (size - 1);  // reflect
  const std::int64_t folded = (at % period + period) % period;
  return folded < size ? folded : period - folded;
}

// A Gather an axis does what modes other than constant ask for, and cuts where pads are negative.
void gather_axes(NormalizeContext& context, Node& node, const Sizes& pads,
                 const std::string& mode) {
  const Shape in = ops::input_shape(context.graph, node);
  for (std::size_t axis = 0; axis < in.size(); ++axis) {
    const std::int64_t before = pads[axis], after = pads[in.size() + axis];
    if (before == 0 && after == 0) continue;
    if (in[axis] < 1) ops::refuse(node, "pads the batch or nothing; expected another axis");
    ops::expect_few_indices(node, before + in[axis] + after);
    Sizes indices;
    for (std::int64_t at = -before; at < in[axis] + after; ++at) {
      indices.push_back(mirrored(mode, at, in[axis]));
    }
    node.inputs[0] =
        ops::emit_gather(context, node, node.inputs[0], static_cast<std::int64_t>(axis), indices);
  }
  ops::make_identity(node);
}

void normalize_pad(NormalizeContext& context, Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
    ops::invalid(node, "attribute mode is '" + mode + "'; expected constant, edge, reflect, wrap");
  }
  Sizes pads = read_pads(context, node, ops::input_shape(context.graph, node).size());
  if (mode != "constant") return gather_axes(context, node, pads, mode);
  const float value = read_value(context, node);
  Sizes cut(pads.size(), 0);
  for (std::size_t i = 0; i < pads.size(); ++i) {
    cut[i] = std::min<std::int64_t>(pads[i], 0);
    pads[i] = std::max<std::int64_t>(pads[i], 0);
  }
  if (std::any_of(cut.begin(), cut.end(), [](std::int64_t pad) { return pad != 0; })) {
    Node cutting = node;
    gather_axes(context, cutting, cut, "edge");
    node.inputs[0] = cutting.inputs[0];
  }
  ops::drop_inputs(node, 1);
  node.attributes = {{"pads", pads}};
  if (value != 0.0f) node.attributes["value"] = value;
  if (std::all_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad == 0; })) {
    ops::make_identity(node);
  }
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

// Integers are padded with 0.
std::vector<Tensor> evaluate_pad(const Node& node, std::span<const Tensor* const> inputs,
                                 std::span<const TensorType> types) {
  if (types[0].dtype == DType::kFloat32) return ops::evaluate_floatop(node, inputs, types);
  const auto pads = node.integers("pads", {});
  std::vector<Tensor> out = ops::make_outputs(types);
  const auto strides = ops::strides_of(types[0].shape);
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) offset += pads[axis] * strides[axis];
  ops::put(*inputs[0], out[0], strides, offset);
  return out;
}

void pad_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("pads", {}));
  node.attributes.erase("pads");
  if (!node.attributes.contains("value")) return;
  const float value = node.real("value", 0.0f);
  inputs[2] = Tensor::from<float>({}, std::span(&value, 1));
  node.attributes.erase("value");
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
