#include <algorithm>

#include "gradus/floatops/cells.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

using Sizes = std::vector<std::int64_t>;

// Elements of one item of the batch where there is one, else of everything.
std::int64_t items(const Node& node, const Shape& shape) {
  Shape fixed = shape;
  if (!fixed.empty() && fixed[0] == -1) fixed[0] = 1;
  const auto count = element_count(fixed);
  if (!count) {
    ops::refuse(node, "its input is " + to_string(shape) +
                          "; expected the batch in front and the "
                          "rest known");
  }
  return *count;
}

[[noreturn]] void refuse_shape(const Node& node, const Shape& in, const Sizes& shape) {
  Shape shown = shape;
  std::replace(shown.begin(), shown.end(), kBatchSize, std::int64_t{-1});
  ops::invalid(node, "reshapes " + to_string(in) + " to " + ops::list_text(shown) +
                         "; expected as many elements, and the batch left alone");
}

// `shape` with its one unknown size, -1, made to fit `count` elements.
void solve(const Node& node, const Shape& in, Sizes& shape, std::int64_t count) {
  std::int64_t known = 1;
  std::int64_t* open = nullptr;
  for (auto& size : shape) {
    if (size == -1) {
      if (open != nullptr) refuse_shape(node, in, shape);
      open = &size;
    } else if (size < 0 || __builtin_mul_overflow(known, size, &known)) {
      refuse_shape(node, in, shape);
    }
  }
  if (open != nullptr) {
    if (known == 0 || count % known != 0) refuse_shape(node, in, shape);
    *open = count / known;
    known = count;
  }
  if (known != count) refuse_shape(node, in, shape);
}

// What ONNX's shape input means for an input of shape `in`: -1 only for the batch, and only in
// front.
Sizes resolve(const NormalizeContext& context, const Node& node, const Shape& in, Sizes shape,
              bool zero_is_size) {
  for (std::size_t i = 0; i < shape.size() && !zero_is_size; ++i) {
    if (shape[i] != 0) continue;
    if (i >= in.size()) refuse_shape(node, in, shape);
    shape[i] = in[i] == -1 ? kBatchSize : in[i];
  }
  const std::int64_t count = items(node, in);
  if (in.empty() || in[0] != -1) {
    solve(node, in, shape, count);
    return shape;
  }
  if (shape.empty()) refuse_shape(node, in, shape);
  Sizes rest(shape.begin() + 1, shape.end());
  const bool fixed = context.fixed_batch > 0 && shape[0] == context.fixed_batch;
  if (shape[0] != kBatchSize && shape[0] != -1 && !fixed) refuse_shape(node, in, shape);
  if (shape[0] == -1 && std::count(rest.begin(), rest.end(), -1) > 0) refuse_shape(node, in, shape);
  solve(node, in, rest, count);
  shape = {-1};
  shape.insert(shape.end(), rest.begin(), rest.end());
  return shape;
}

// The node as a move of `in` to `out`: a Flatten or nothing where it amounts to that.
void simplify(Node& node, const Shape& in, const Shape& out) {
  if (in == out) {
    node.op = "Identity";
    node.attributes.clear();
  } else if (in.size() >= 2 && out.size() == 2 && in[0] == out[0]) {
    node.op = "Flatten";
    node.attributes = {{"axis", std::int64_t{1}}};
  }
}

void normalize_reshape(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const auto found = ops::integers(context, node, 1, "shape");
  if (!found) ops::invalid(node, "its shape is missing");
  if (found->size() > 8) ops::refuse(node, "reshapes to more than 8 dimensions");
  const Sizes shape = resolve(context, node, in, *found, ops::flag(node, "allowzero", 0));
  ops::drop_inputs(node, 1);
  node.attributes = {{"shape", shape}};
  simplify(node, in, shape);
}

std::vector<TensorType> infer_reshape(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  const Shape out = node.integers("shape", {});
  const bool batch = !in.empty() && in[0] == -1;
  const bool open = !out.empty() && out[0] == -1;
  // A batch of known size, where the network has it open: as many items as fill the shape.
  if (open && !batch && !in.empty() && items(node, out) > 0 &&
      items(node, in) % items(node, out) == 0) {
    Shape known = out;
    known[0] = items(node, in) / items(node, out);
    return {{ops::input_dtype(graph, node), known}};
  }
  if (batch != open || items(node, in) != items(node, out)) refuse_shape(node, in, out);
  return {{ops::input_dtype(graph, node), out}};
}

void reshape_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("shape", {}));
  node.attributes.erase("shape");
}

void normalize_flatten(NormalizeContext& context, Node& node) {
  const Shape& in = ops::input_shape(context.graph, node);
  const std::int64_t axis = node.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(in.size());
  if (axis < -rank || axis > rank) ops::axis_in(node, axis, in.size());
  const std::int64_t front = axis < 0 ? axis + rank : axis;
  node.attributes["axis"] = std::int64_t{1};
  if (front == 1) return;
  for (std::int64_t size : in) {
    if (size < 0) {
      ops::refuse(node, "axis is " + std::to_string(axis) + " for an input of " + to_string(in) +
                            "; expected 1, which leaves the batch alone");
    }
  }
  const auto middle = static_cast<std::size_t>(front);
  node.op = "Reshape";
  node.attributes = {
      {"shape", Sizes{floatops::product(in, 0, middle), floatops::product(in, middle, in.size())}}};
}

std::vector<TensorType> infer_flatten(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  if (in.empty()) ops::refuse(node, "its input is a single number; expected [batch, ...]");
  Shape rest(in.begin() + 1, in.end());
  const auto count = element_count(rest);
  if (!count) ops::refuse(node, "its input is " + to_string(in) + "; expected only the batch open");
  return {{ops::input_dtype(graph, node), {in[0], *count}}};
}

Shape squeezed(const Node& node, const Shape& in) {
  Shape out;
  const auto axes = ops::axes_in(node, node.integers("axes", {}), in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool drop = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(i));
    if (drop && in[i] != 1) {
      ops::invalid(node, "squeezes axis " + std::to_string(i) + " of " + to_string(in) +
                             "; expected a size of 1 there");
    }
    if (!drop) out.push_back(in[i]);
  }
  return out;
}

Shape unsqueezed(const Node& node, const Shape& in) {
  const auto found = node.integers("axes", {});
  const auto axes = ops::axes_in(node, found, in.size() + found.size());
  Shape out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < in.size() + axes.size(); ++i) {
    const bool added = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(i));
    out.push_back(added ? 1 : in[next++]);
  }
  return out;
}

void normalize_squeeze(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  auto axes = ops::integers(context, node, 1, "axes");
  if (!axes) {
    axes.emplace();
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (in[i] == 1) axes->push_back(static_cast<std::int64_t>(i));
    }
  }
  ops::drop_inputs(node, 1);
  node.attributes["axes"] = ops::axes_in(node, *axes, in.size());
  simplify(node, in, squeezed(node, in));
}

void normalize_unsqueeze(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const auto axes = ops::integers(context, node, 1, "axes");
  if (!axes || axes->size() + in.size() > 8) {
    ops::invalid(node, "its axes are missing or make more than 8 dimensions");
  }
  ops::drop_inputs(node, 1);
  node.attributes["axes"] = ops::axes_in(node, *axes, in.size() + axes->size());
  simplify(node, in, unsqueezed(node, in));
}

template <Shape (*change)(const Node&, const Shape&)>
std::vector<TensorType> infer_changed(const Graph& graph, const Node& node) {
  return {{ops::input_dtype(graph, node), change(node, ops::input_shape(graph, node))}};
}

void axes_to_onnx(Node& node, OnnxInputs& inputs) {
  inputs[1] = ops::int64_tensor(node.integers("axes", {}));
  node.attributes.erase("axes");
}

template <Shape (*change)(const Node&, const Shape&)>
GraphOp axes_op(const char* type, void (*normalize)(NormalizeContext&, Node&)) {
  return {.type = type,
          .since = 1,
          .max_inputs = 2,
          .attributes = {"axes"},
          .normalize = normalize,
          .infer_shape = infer_changed<change>,
          .evaluate = ops::evaluate_floatop,
          .moved_inputs = 1,
          .to_onnx = axes_to_onnx};
}

}  // namespace

GraphOpFamily reshape_graph_op() {
  return {{.type = "Reshape",
           .since = 5,
           .min_inputs = 2,
           .max_inputs = 2,
           .attributes = {"allowzero"},
           .normalize = normalize_reshape,
           .infer_shape = infer_reshape,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1,
           .to_onnx = reshape_to_onnx},
          {.type = "Flatten",
           .since = 1,
           .attributes = {"axis"},
           .normalize = normalize_flatten,
           .infer_shape = infer_flatten,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1},
          axes_op<squeezed>("Squeeze", normalize_squeeze),
          axes_op<unsqueezed>("Unsqueeze", normalize_unsqueeze)};
}

}  // namespace gradus
