#include "gradus/graph/ops/support.h"
#include "gradus/graph/ops/window.h"

namespace gradus {
namespace {

// Weights [out, in / group, kh, kw], checked against input and group.
const Shape& weight_shape(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const Shape& weights = ops::float_shape(graph, node, 1);
  if (weights.size() != 4 || in.size() != 4) {
    ops::refuse(node, "its input is " + to_string(in) + " and its weights " + to_string(weights) +
                          "; expected a 2-D convolution: [batch, in, height, width] and "
                          "[out, in / group, kernel height, kernel width]");
  }
  ops::map_shape(graph, node);
  ops::constant_floats(graph, node, 1, "weights");
  const std::int64_t group = node.integer("group", 1);
  const bool fits = group >= 1 && in[1] % group == 0 && weights[1] == in[1] / group &&
                    weights[0] % group == 0 && weights[0] > 0;
  if (!fits) {
    ops::invalid(node, "its weights are " + to_string(weights) + " and group is " +
                           std::to_string(group) + "; expected them to fit " +
                           std::to_string(in[1]) + " input channels");
  }
  const Tensor* bias = ops::constant_floats(graph, node, 2, "bias");
  if (bias != nullptr && bias->shape() != Shape{weights[0]}) {
    ops::invalid(node, "its bias is " + to_string(bias->shape()) + "; expected [" +
                           std::to_string(weights[0]) + "], one an output channel");
  }
  return weights;
}

void normalize_conv(NormalizeContext& context, Node& node) {
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
  const Shape out = infer_conv(graph, node)[0].shape;
  return out[1] * out[2] * out[3] * weights[1] * weights[2] * weights[3];
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
           .macs = conv_macs}};
}

}  // namespace gradus
