// Split, Expand, Tile, DepthToSpace and SpaceToDepth.
#include <algorithm>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

constexpr std::int64_t kLimit = 1 << 20;
using Sizes = std::vector<std::int64_t>;

// Equal parts; from opset 18 the last may be smaller.
Sizes equal_parts(const Node& node, std::int64_t size, int opset) {
  const auto outputs = static_cast<std::int64_t>(node.outputs.size());
  const std::int64_t parts = opset < 18 ? outputs : node.integer("num_outputs", outputs);
  if (parts < outputs || parts > kLimit) {
    ops::invalid(node, "attribute num_outputs is " + std::to_string(parts) + " for " +
                           std::to_string(outputs) + " outputs; expected as many");
  }
  if (opset < 18 && size % parts != 0) {
    ops::invalid(node, "splits " + std::to_string(size) + " into " + std::to_string(parts) +
                           " equal parts; expected a multiple");
  }
  const std::int64_t part = (size + parts - 1) / parts;
  Sizes sizes(static_cast<std::size_t>(parts), part);
  sizes.back() = size - part * (parts - 1);
  return sizes;
}

void normalize_split(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", 0), in.size());
  const std::int64_t size = in[static_cast<std::size_t>(axis)];
  if (size < 0) ops::refuse(node, "splits the batch; expected another axis");
  const auto found = ops::integers(context, node, 1, "split");
  if (found && node.attributes.contains("num_outputs")) {
    ops::invalid(node, "has sizes and num_outputs; expected one of them");
  }
  const Sizes split = found ? *found : equal_parts(node, size, context.opset);
  ops::drop_inputs(node, 1);
  node.attributes = {{"axis", axis}, {"split", split}};
}

std::vector<TensorType> infer_split(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const auto axis = static_cast<std::size_t>(node.integer("axis", 0));
  const Sizes split = node.integers("split", {});
  std::vector<TensorType> types;
  std::int64_t left = in.at(axis);
  for (std::int64_t size : split) {
    if (size < 0 || size > left) left = -1;
    if (left < 0) break;
    left -= size;
    Shape part = in;
    part[axis] = size;
    types.push_back({ops::input_dtype(graph, node), part});
  }
  if (left != 0 || types.size() < node.outputs.size()) {
    ops::invalid(node, "splits an axis of " + std::to_string(in[axis]) + " into " +
                           ops::list_text(split) + "; expected sizes that add up to it, one an " +
                           "output");
  }
  return types;
}

void split_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("split", {}));
  node.attributes.erase("split");
}

// 1 leaves an axis as it is, and so does kBatchSize where the batch is.
void normalize_expand(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  auto shape = ops::integers(context, node, 1, "shape");
  if (!shape) ops::invalid(node, "its shape is missing");
  if (shape->size() > 8) ops::refuse(node, "expands to more than 8 dimensions");
  for (std::int64_t& size : *shape) {
    if (size == kBatchSize)
      size = -1;
    else if (size < 0)
      ops::invalid(node, "its shape is " + ops::list_text(*shape) + "; expected sizes from 0");
  }
  // What the file fixed the batch to is the batch.
  const std::size_t front = shape->size() - std::min(shape->size(), in.size());
  if (!in.empty() && in[0] == -1 && front < shape->size() && shape->size() >= in.size() &&
      context.fixed_batch > 0 && (*shape)[front] == context.fixed_batch) {
    (*shape)[front] = -1;
  }
  const Shape out = ops::broadcast(node, in, *shape);
  if (std::count(out.begin(), out.end(), -1) != std::count(in.begin(), in.end(), -1)) {
    ops::refuse(node, "expands " + to_string(in) + " to the size of the batch; expected " +
                          "numbers, and the batch left alone");
  }
  ops::drop_inputs(node, 1);
  node.attributes = {{"shape", out}};
  if (out == in) ops::make_identity(node);
}

std::vector<TensorType> infer_expand(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  Shape out = node.integers("shape", {});
  // -1 is the batch, here of known size.
  for (std::size_t i = 0; i < std::min(out.size(), in.size()); ++i) {
    if (out[out.size() - 1 - i] == -1) out[out.size() - 1 - i] = in[in.size() - 1 - i];
  }
  if (ops::broadcast(node, in, out) != out) {
    ops::invalid(node, "expands " + to_string(in) + " to " + to_string(out) +
                           "; expected a shape that it broadcasts to");
  }
  return {{ops::input_dtype(graph, node), out}};
}

void expand_to_onnx(Node& node, OnnxInputs& inputs) {
  Sizes shape = node.integers("shape", {});
  // The batch is left alone by a 1.
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{1});
  inputs[1] = ops::int64_tensor(shape);
  node.attributes.erase("shape");
}

void normalize_tile(NormalizeContext& context, Node& node) {
  const std::size_t rank = ops::input_shape(context.graph, node).size();
  const auto repeats = ops::integers(context, node, 1, "repeats");
  if (!repeats || repeats->size() != rank) {
    ops::invalid(node, "has " + std::to_string(repeats ? repeats->size() : 0) +
                           " repeats for a tensor of rank " + std::to_string(rank) +
                           "; expected one an axis");
  }
  ops::drop_inputs(node, 1);
  node.attributes = {{"repeats", *repeats}};
  if (std::all_of(repeats->begin(), repeats->end(), [](auto n) { return n == 1; })) {
    ops::make_identity(node);
  }
}

std::vector<TensorType> infer_tile(const Graph& graph, const Node& node) {
  Shape shape = ops::input_shape(graph, node);
  const Sizes repeats = node.integers("repeats", {});
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::int64_t times = axis < repeats.size() ? repeats[axis] : -1;
    if (times < 0 || times > kLimit) {
      ops::invalid(node, "its repeats are " + ops::list_text(repeats) +
                             "; expected from 0 to 2^20, one an axis");
    }
    if (shape[axis] < 0 && times != 1) ops::refuse(node, "repeats the batch; expected 1 there");
    if (shape[axis] >= 0) shape[axis] *= times;
  }
  return {{ops::input_dtype(graph, node), shape}};
}

void tile_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("repeats", {}));
  node.attributes.erase("repeats");
}

void normalize_blocks(NormalizeContext&, Node& node) {
  const std::int64_t block = node.integer("blocksize", 0);
  if (block < 1 || block > 1024) {
    ops::invalid(node,
                 "attribute blocksize is " + std::to_string(block) + "; expected from 1 to 1024");
  }
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") {
    ops::invalid(node, "attribute mode is '" + mode + "'; expected DCR or CRD");
  }
  if (node.op == "DepthToSpace") node.attributes["mode"] = mode;
}

std::vector<TensorType> infer_blocks(const Graph& graph, const Node& node) {
  Shape shape = ops::input_shape(graph, node);
  const std::int64_t block = node.integer("blocksize", 1);
  const bool to_space = node.op == "DepthToSpace";
  const bool known = shape.size() == 4 && shape[1] > 0 && shape[2] > 0 && shape[3] > 0;
  const bool fits = known && (to_space ? shape[1] % (block * block) == 0
                                       : shape[2] % block == 0 && shape[3] % block == 0);
  if (!fits) {
    ops::invalid(node, "its input is " + to_string(shape) +
                           "; expected [batch, channels, height, "
                           "width] in blocks of " +
                           std::to_string(block));
  }
  shape[1] = to_space ? shape[1] / (block * block) : shape[1] * block * block;
  shape[2] = to_space ? shape[2] * block : shape[2] / block;
  shape[3] = to_space ? shape[3] * block : shape[3] / block;
  return {{ops::input_dtype(graph, node), shape}};
}

}  // namespace

GraphOpFamily movement_graph_op() {
  return {{.type = "Split",
           .since = 2,
           .max_inputs = 2,
           .attributes = {"axis", "num_outputs", "split"},
           .normalize = normalize_split,
           .infer_shape = infer_split,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1,
           .to_onnx = split_to_onnx},
          {.type = "Expand",
           .since = 8,
           .min_inputs = 2,
           .max_inputs = 2,
           .normalize = normalize_expand,
           .infer_shape = infer_expand,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1,
           .to_onnx = expand_to_onnx},
          {.type = "Tile",
           .since = 6,
           .min_inputs = 2,
           .max_inputs = 2,
           .normalize = normalize_tile,
           .infer_shape = infer_tile,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1,
           .to_onnx = tile_to_onnx},
          {.type = "DepthToSpace",
           .since = 1,
           .attributes = {"blocksize", "mode"},
           .normalize = normalize_blocks,
           .infer_shape = infer_blocks,
           .evaluate = ops::evaluate_floatop},
          {.type = "SpaceToDepth",
           .since = 1,
           .attributes = {"blocksize"},
           .normalize = normalize_blocks,
           .infer_shape = infer_blocks,
           .evaluate = ops::evaluate_floatop}};
}

}  // namespace gradus
