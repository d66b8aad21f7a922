#include "gradus/graph/ops/support.h"
#include "gradus/graph/ops/window.h"

namespace gradus {
namespace {

void require_small_pads(const Node& node, const ops::Window& window) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (window.before[axis] >= window.kernel[axis] || window.after[axis] >= window.kernel[axis]) {
      ops::refuse(node, "its pads are " + ops::list_text(node.integers("pads", {})) +
                            "; expected each to be smaller than the window");
    }
  }
}

bool normalize_pool(NormalizeContext& context, Node& node) {
  const Shape& in = ops::map_shape(context.graph, node);
  if (node.attributes.contains("dilations")) {
    const auto dilations = node.integers("dilations", {});
    if (dilations != std::vector<std::int64_t>{1, 1}) {
      ops::refuse(node,
                  "attribute dilations is " + ops::list_text(dilations) + "; expected [1, 1]");
    }
  }
  Node asked = node;
  asked.attributes.erase("ceil_mode");
  ops::normalize_window(asked, {in[2], in[3]}, std::nullopt);
  require_small_pads(asked, ops::read_window(asked, std::nullopt));
  return ops::normalize_window(node, {in[2], in[3]}, std::nullopt);
}

void normalize_max_pool(NormalizeContext& context, Node& node) {
  ops::require(node, "storage_order", 0);
  node.attributes.erase("storage_order");
  normalize_pool(context, node);
}

void normalize_average_pool(NormalizeContext& context, Node& node) {
  const std::int64_t counted = node.integer("count_include_pad", 0);
  if (counted != 0 && counted != 1) ops::require(node, "count_include_pad", 1);
  const bool added = normalize_pool(context, node);
  if (added && counted == 1) {
    ops::refuse(node,
                "ceil_mode is 1 with count_include_pad 1 and a last window over the edge; "
                "expected ceil_mode 0 or windows that fit");
  }
  node.attributes["count_include_pad"] = counted;
}

std::vector<TensorType> infer_pool(const Graph& graph, const Node& node) {
  const Shape& in = ops::map_shape(graph, node);
  const ops::Window window = ops::read_window(node, std::nullopt);
  const ops::Pair out = ops::output_size(node, window, {in[2], in[3]});
  return {{DType::kFloat32, {in[0], in[1], out[0], out[1]}}};
}

// AveragePool has dilations from opset 19.
void average_pool_to_onnx(Node& node, OnnxInputs&) { node.attributes.erase("dilations"); }

}  // namespace

GraphOpFamily pool_graph_op() {
  return {{.type = "MaxPool",
           .since = 1,
           .attributes = {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads",
                          "storage_order", "strides"},
           .normalize = normalize_max_pool,
           .infer_shape = infer_pool},
          {.type = "AveragePool",
           .since = 7,
           .attributes = {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape",
                          "pads", "strides"},
           .normalize = normalize_average_pool,
           .infer_shape = infer_pool,
           .to_onnx = average_pool_to_onnx}};
}

}  // namespace gradus
