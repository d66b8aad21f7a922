#include <algorithm>

#include "gradus/floatops/pool.h"
#include "gradus/graph/ops/evaluation.h"
#include "gradus/graph/ops/window.h"

namespace gradus {
namespace {

using Sizes = std::vector<std::int64_t>;

bool pads_are_small(const ops::Window& window) {
  bool small = true;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t extent = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
    small = small && window.before[axis] < extent && window.after[axis] < extent;
  }
  return small;
}

// The window without what ceil_mode adds, and with it.
struct Asked {
  ops::Window window, whole;
};

Asked read_asked(const Node& node, ops::Pair size) {
  Node plain = node;
  plain.attributes.erase("ceil_mode");
  ops::normalize_window(plain, size, std::nullopt);
  Node whole = node;
  ops::normalize_window(whole, size, std::nullopt);
  return {ops::read_window(plain, std::nullopt), ops::read_window(whole, std::nullopt)};
}

void refuse_pads(const Node& node) {
  ops::refuse(node, "its pads are " + ops::list_text(node.integers("pads", {})) +
                        "; expected each to be smaller than the window");
}

// Pads of at least the window's size would leave windows without an element.
void normalize_pool(NormalizeContext& context, Node& node) {
  ops::widen_window(context, node);
  const Shape in = ops::any_map_shape(context.graph, node);
  const Asked asked = read_asked(node, {in[2], in[3]});
  if (!pads_are_small(asked.window)) refuse_pads(node);
  node.attributes.erase("auto_pad");
  node.attributes.erase("ceil_mode");
  ops::write_window(node, asked.whole);
}

void normalize_max_pool(NormalizeContext& context, Node& node) {
  // The order in which indices count rows and columns: of no account without them.
  const bool by_column = ops::flag(node, "storage_order", 0) && node.outputs.size() > 1;
  node.attributes.erase("storage_order");
  normalize_pool(context, node);
  if (by_column) node.attributes["storage_order"] = std::int64_t{1};
}

// Padding that counts becomes a Pad where ceil_mode adds some that does not, or where windows lie
// in it wholly.
void normalize_average_pool(NormalizeContext& context, Node& node) {
  const bool counted = ops::flag(node, "count_include_pad", 0);
  ops::widen_window(context, node);
  const Shape in = ops::map_shape(context.graph, node);
  Asked asked = read_asked(node, {in[2], in[3]});
  const bool added = asked.whole.after != asked.window.after;
  node.attributes["count_include_pad"] = std::int64_t{counted ? 1 : 0};
  if (counted && (added || !pads_are_small(asked.window))) {
    const auto& [before, after] = std::pair(asked.window.before, asked.window.after);
    node.inputs[0] =
        ops::emit(context, node, "Pad", {node.inputs[0]},
                  {{"pads", Sizes{0, 0, before[0], before[1], 0, 0, after[0], after[1]}}});
    for (std::size_t axis = 0; axis < 2; ++axis) asked.whole.after[axis] -= after[axis];
    asked.whole.before = {0, 0};
    node.attributes["count_include_pad"] = std::int64_t{0};
  } else if (!pads_are_small(asked.window)) {
    refuse_pads(node);
  }
  node.attributes.erase("auto_pad");
  node.attributes.erase("ceil_mode");
  ops::write_window(node, asked.whole);
}

std::vector<TensorType> infer_pool(const Graph& graph, const Node& node) {
  const bool is_max = node.op == "MaxPool";
  const Shape& in = is_max ? ops::any_map_shape(graph, node) : ops::map_shape(graph, node);
  const ops::Window window = ops::read_window(node, std::nullopt);
  const ops::Pair out = ops::output_size(node, window, {in[2], in[3]});
  std::vector<TensorType> types = {{ops::input_dtype(graph, node), {in[0], in[1], out[0], out[1]}}};
  if (is_max) types.push_back({DType::kInt64, types[0].shape});
  return types;
}

std::vector<Tensor> evaluate_max_pool(const Node& node, std::span<const Tensor* const> inputs,
                                      std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const floatops::Window window = floatops::window_of(ops::float_attributes(node));
  ops::with_type(node, types[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    floatops::max_pool(window, ops::cells<T>(*inputs[0]).data(), inputs[0]->shape(),
                       ops::cells<T>(out[0]).data(), out[1].as<std::int64_t>().data(),
                       types[0].shape);
  });
  if (node.integer("storage_order", 0) == 1) {
    const std::int64_t height = inputs[0]->shape()[2], width = inputs[0]->shape()[3];
    for (std::int64_t& index : out[1].as<std::int64_t>()) {
      const std::int64_t plane = index / (height * width), inside = index % (height * width);
      index = plane * height * width + inside % width * height + inside / width;
    }
  }
  return out;
}

// AveragePool has dilations from opset 19; without any it is valid before.
void average_pool_to_onnx(Node& node, OnnxInputs&) {
  if (node.integers("dilations", {}) == Sizes{1, 1}) node.attributes.erase("dilations");
}

int average_pool_opset(const Node& node) {
  return node.integers("dilations", {}) == Sizes{1, 1} ? kExportOpset : 19;
}

std::vector<TensorType> infer_global_pool(const Graph& graph, const Node& node) {
  const Shape& in = ops::map_shape(graph, node);
  return {{DType::kFloat32, {in[0], in[1], 1, 1}}};
}

void normalize_global_pool(NormalizeContext& context, Node& node) { ops::widen_map(context, node); }

}  // namespace

GraphOpFamily pool_graph_op() {
  GraphOpFamily family = {{.type = "MaxPool",
                           .since = 1,
                           .attributes = {"auto_pad", "ceil_mode", "dilations", "kernel_shape",
                                          "pads", "storage_order", "strides"},
                           .normalize = normalize_max_pool,
                           .infer_shape = infer_pool,
                           .evaluate = evaluate_max_pool},
                          {.type = "AveragePool",
                           .since = 1,
                           .attributes = {"auto_pad", "ceil_mode", "count_include_pad", "dilations",
                                          "kernel_shape", "pads", "strides"},
                           .normalize = normalize_average_pool,
                           .infer_shape = infer_pool,
                           .evaluate = ops::evaluate_floatop,
                           .to_onnx = average_pool_to_onnx,
                           .opset_needed = average_pool_opset}};
  for (const char* type : {"GlobalAveragePool", "GlobalMaxPool"}) {
    family.push_back({.type = type,
                      .since = 1,
                      .normalize = normalize_global_pool,
                      .infer_shape = infer_global_pool,
                      .evaluate = ops::evaluate_floatop});
  }
  return family;
}

}  // namespace gradus
