#include <algorithm>

#include "gradus/graph/ops/evaluation.h"
#include "gradus/graph/ops/window.h"

namespace gradus {
namespace {

using Sizes = std::vector<std::int64_t>;

bool is_transposed(const Node& node) { return node.op == "ConvTranspose"; }

// Weights checked against input, group and bias: [out, in / group, kh, kw], or
// [in, out / group, kh, kw] of a ConvTranspose.
const Shape& weight_shape(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const Shape& weights = ops::float_shape(graph, node, 1);
  if (weights.size() != 4 || in.size() != 4) {
    ops::refuse(node, "its input is " + to_string(in) + " and its weights " + to_string(weights) +
                          "; expected a 1-D or 2-D convolution: [batch, in, height, width] and "
                          "[out, in / group, kernel height, kernel width]");
  }
  ops::map_shape(graph, node);
  ops::constant_floats(graph, node, 1, "weights");
  const std::int64_t group = node.integer("group", 1);
  const bool divides = group >= 1 && in[1] % group == 0 && weights[0] > 0 && weights[1] > 0;
  const bool fits =
      divides &&
      (is_transposed(node) ? weights[0] == in[1] && weights[1] <= (std::int64_t{1} << 31) / group
                           : weights[1] == in[1] / group && weights[0] % group == 0);
  if (!fits) {
    ops::invalid(node, "its weights are " + to_string(weights) + " and group is " +
                           std::to_string(group) + "; expected them to fit " +
                           std::to_string(in[1]) + " input channels");
  }
  const std::int64_t outputs = is_transposed(node) ? weights[1] * group : weights[0];
  const Tensor* bias = ops::constant_floats(graph, node, 2, "bias");
  if (bias != nullptr && bias->shape() != Shape{outputs}) {
    ops::invalid(node, "its bias is " + to_string(bias->shape()) + "; expected [" +
                           std::to_string(outputs) + "], one an output channel");
  }
  return weights;
}

// A 1-D convolution becomes a 2-D one of height 1.
void widen(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const Shape weights = ops::input_shape(context.graph, node, 1);
  if (in.size() != 3 || weights.size() != 3) return;
  ops::constant_floats(context.graph, node, 1, "weights");
  node.inputs[1] = ops::emit(context, node, "Unsqueeze", {node.inputs[1]}, {{"axes", Sizes{2}}});
  ops::widen_window(context, node);
}

void normalize_conv(NormalizeContext& context, Node& node) {
  widen(context, node);
  const Shape& weights = weight_shape(context.graph, node);
  const Shape& in = ops::input_shape(context.graph, node);
  ops::normalize_window(node, {in[2], in[3]}, ops::Pair{weights[2], weights[3]});
  node.attributes["group"] = node.integer("group", 1);
}

std::vector<TensorType> infer_conv(const Graph& graph, const Node& node) {
  const Shape& weights = weight_shape(graph, node);
  const Shape& in = ops::input_shape(graph, node);
  const ops::Window window = ops::read_window(node, ops::Pair{weights[2], weights[3]});
  const ops::Pair out = ops::output_size(node, window, {in[2], in[3]});
  return {{DType::kFloat32, {in[0], weights[0], out[0], out[1]}}};
}

std::int64_t conv_macs(const Graph& graph, const Node& node) {
  const Shape& weights = ops::input_shape(graph, node, 1);
  // The shape as it was inferred: of a quantized network the bias may be integers by now.
  const auto& known = graph.value(node.outputs.at(0)).shape;
  const Shape out = known && known->size() == 4 ? *known : infer_conv(graph, node)[0].shape;
  return out[1] * out[2] * out[3] * weights[1] * weights[2] * weights[3];
}

Sizes pair_of(const Node& node, const char* key) {
  const Sizes list = node.integers(key, {0, 0});
  const bool fits = list.size() == 2 && std::all_of(list.begin(), list.end(), [](auto size) {
                      return size >= 0 && size < 1 << 20;
                    });
  if (!fits) {
    ops::invalid(node, std::string("attribute ") + key + " is " + ops::list_text(list) +
                           "; expected two integers from 0 below 2^20");
  }
  return list;
}

std::int64_t unpadded(const ops::Window& window, std::int64_t in, std::size_t axis) {
  return window.strides[axis] * (in - 1) + (window.kernel[axis] - 1) * window.dilations[axis] + 1;
}

// Pads and output_padding that give the output that auto_pad or output_shape ask for: what is too
// much is cut, on one side more if it is odd; what is missing is added at the end.
void pad_to_size(const Node& node, ops::Window& window, Sizes& added, ops::Pair in) {
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  const bool asked = node.attributes.contains("output_shape");
  if (!same && !asked) return;
  Sizes wanted = {0, 0};
  if (asked) {
    // The first releases named batch and channels too.
    Node named = node;
    Sizes all = node.integers("output_shape", {});
    if (all.size() == 4) all.erase(all.begin(), all.begin() + 2);
    named.attributes["output_shape"] = all;
    wanted = pair_of(named, "output_shape");
  }
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (!asked) wanted[axis] = in[axis] * window.strides[axis];
    const std::int64_t total = unpadded(window, in[axis], axis) + added[axis] - wanted[axis];
    const std::int64_t half = std::max<std::int64_t>(total, 0) / 2;
    const std::int64_t rest = std::max<std::int64_t>(total, 0) - half;
    window.before[axis] = auto_pad == "SAME_UPPER" ? half : rest;
    window.after[axis] = auto_pad == "SAME_UPPER" ? rest : half;
    added[axis] += std::max<std::int64_t>(-total, 0);
  }
}

void normalize_conv_transpose(NormalizeContext& context, Node& node) {
  widen(context, node);
  const Shape& weights = weight_shape(context.graph, node);
  const Shape& in = ops::input_shape(context.graph, node);
  ops::Window window = ops::read_window(node, ops::Pair{weights[2], weights[3]});
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" &&
      auto_pad != "SAME_LOWER") {
    ops::invalid(node, "attribute auto_pad is '" + auto_pad +
                           "'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  if (auto_pad == "VALID") window.before = window.after = {0, 0};
  Sizes added = pair_of(node, "output_padding");
  pad_to_size(node, window, added, {in[2], in[3]});
  ops::write_window(node, window);
  node.attributes.erase("auto_pad");
  node.attributes.erase("output_shape");
  node.attributes["output_padding"] = added;
  node.attributes["group"] = node.integer("group", 1);
}

std::vector<TensorType> infer_conv_transpose(const Graph& graph, const Node& node) {
  const Shape& weights = weight_shape(graph, node);
  const Shape& in = ops::input_shape(graph, node);
  const ops::Window window = ops::read_window(node, ops::Pair{weights[2], weights[3]});
  const Sizes added = pair_of(node, "output_padding");
  Shape out = {in[0], weights[1] * node.integer("group", 1), 0, 0};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    std::int64_t& size = out[2 + axis];
    size = unpadded(window, in[2 + axis], axis) + added[axis] - window.before[axis] -
           window.after[axis];
    if (size < 1) {
      ops::invalid(node, "its pads cut away all of its output of " +
                             std::to_string(unpadded(window, in[2 + axis], axis)) +
                             "; expected something left");
    }
  }
  return {{DType::kFloat32, out}};
}

std::int64_t conv_transpose_macs(const Graph& graph, const Node& node) {
  const Shape& weights = ops::input_shape(graph, node, 1);
  const Shape& in = ops::input_shape(graph, node);
  return in[1] * in[2] * in[3] * weights[1] * weights[2] * weights[3];
}

}  // namespace

GraphOpFamily conv_graph_op() {
  return {{.type = "Conv",
           .since = 1,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"},
           .normalize = normalize_conv,
           .infer_shape = infer_conv,
           .evaluate = ops::evaluate_floatop,
           .macs = conv_macs},
          {.type = "ConvTranspose",
           .since = 1,
           .min_inputs = 2,
           .max_inputs = 3,
           .attributes = {"auto_pad", "dilations", "group", "kernel_shape", "output_padding",
                          "output_shape", "pads", "strides"},
           .normalize = normalize_conv_transpose,
           .infer_shape = infer_conv_transpose,
           .evaluate = ops::evaluate_floatop,
           .macs = conv_transpose_macs}};
}

}  // namespace gradus
