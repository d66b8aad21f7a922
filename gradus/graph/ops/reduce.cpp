#include <algorithm>
#include <limits>
#include <numeric>

#include "gradus/floatops/reduce.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

using Axes = std::vector<std::int64_t>;

// The axes that are reduced: all of them where none are named, unless the node asks for none.
Axes reduced_axes(const NormalizeContext& context, const Node& node, std::size_t rank) {
  const auto found = ops::integers(context, node, 1, "axes").value_or(Axes{});
  const bool none = ops::flag(node, "noop_with_empty_axes", 0);
  Axes all(rank);
  std::iota(all.begin(), all.end(), 0);
  return ops::axes_in(node, found.empty() && !none ? all : found, rank);
}

// Keeps the reduced axes as 1; without them the node is followed by a Squeeze.
void squeeze_after(NormalizeContext& context, Node& node, const Axes& axes) {
  Value reduced;
  reduced.name = context.graph.value(node.outputs.at(0)).name + "_reduced";
  const ValueId between = context.add_value(node, std::move(reduced));
  context.after.push_back(
      {node.name + "_squeeze", "Squeeze", {between}, node.outputs, {{"axes", axes}}});
  node.outputs = {between};
}

// The mean over height and width is a global average pool.
bool become_global_pool(NormalizeContext& context, Node& node, const Axes& axes, bool keep) {
  const Shape& in = ops::input_shape(context.graph, node);
  if (node.op != "ReduceMean" || in.size() != 4 || axes != Axes{2, 3}) return false;
  node.attributes.clear();
  node.op = "GlobalAveragePool";
  if (keep) return true;
  Value pooled;
  pooled.name = context.graph.value(node.outputs.at(0)).name + "_pooled";
  const ValueId between = context.add_value(node, std::move(pooled));
  context.after.push_back(
      {node.name + "_flatten", "Flatten", {between}, node.outputs, {{"axis", std::int64_t{1}}}});
  node.outputs = {between};
  return true;
}

void normalize_reduce(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const Axes axes = reduced_axes(context, node, in.size());
  const bool keep = ops::flag(node, "keepdims", 1);
  for (std::int64_t axis : axes) {
    if (in[static_cast<std::size_t>(axis)] < 0) {
      ops::refuse(node, "reduces over the batch; expected another axis");
    }
  }
  ops::drop_inputs(node, 1);
  const bool is_float = ops::input_dtype(context.graph, node) == DType::kFloat32;
  if (is_float && become_global_pool(context, node, axes, keep)) return;
  const bool alone = node.op == "ReduceSum" || node.op == "ReduceMean" || node.op == "ReduceMax" ||
                     node.op == "ReduceMin" || node.op == "ReduceProd";
  if (axes.empty() && alone) return ops::make_identity(node);
  node.attributes = {{"axes", axes}};
  if (!keep && !axes.empty()) squeeze_after(context, node, axes);
}

std::vector<TensorType> infer_reduce(const Graph& graph, const Node& node) {
  Shape shape = ops::input_shape(graph, node);
  for (std::int64_t axis : ops::axes_in(node, node.integers("axes", {}), shape.size())) {
    shape[static_cast<std::size_t>(axis)] = 1;
  }
  const DType dtype = ops::input_dtype(graph, node);
  const bool ordered = node.op == "ReduceMax" || node.op == "ReduceMin";
  if (dtype != DType::kFloat32 && !ordered && node.op != "ReduceSum" && node.op != "ReduceProd") {
    ops::refuse(node, std::string("reduces ") + dtype_name(dtype) + "; expected float32");
  }
  return {{dtype, shape}};
}

// Sums and products wrap around.
template <typename T>
void reduce_integers(const Node& node, const Tensor& in, Tensor& out) {
  using Limits = std::numeric_limits<T>;
  const bool largest = node.op == "ReduceMax", smallest = node.op == "ReduceMin";
  const bool is_sum = node.op == "ReduceSum", is_bool = in.dtype() == DType::kBool;
  const T start = largest    ? Limits::lowest()
                  : smallest ? (is_bool ? T{1} : Limits::max())
                             : static_cast<T>(is_sum ? 0 : 1);
  T value = start;
  T* to = ops::cells<T>(out).data();
  const auto from = ops::cells<T>(in);
  floatops::reduce(
      in.shape(), node.integers("axes", {}), [&] { value = start; },
      [&](std::int64_t at) {
        const T x = from[static_cast<std::size_t>(at)];
        if (largest)
          value = std::max(value, x);
        else if (smallest)
          value = std::min(value, x);
        else if (is_sum)
          value = static_cast<T>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(x));
        else
          value = static_cast<T>(static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(x));
      },
      [&] { *to++ = value; });
}

std::vector<Tensor> evaluate_reduce(const Node& node, std::span<const Tensor* const> inputs,
                                    std::span<const TensorType> types) {
  if (types[0].dtype == DType::kFloat32) return ops::evaluate_floatop(node, inputs, types);
  std::vector<Tensor> out = ops::make_outputs(types);
  ops::with_type(node, types[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_integral_v<T>) {
      reduce_integers<T>(node, *inputs[0], out[0]);
    } else {
      ops::refuse(node, "reduces float64; expected float32");
    }
  });
  return out;
}

// From opset 18 the axes are an input.
void reduce_to_onnx(Node& node, OnnxInputs& inputs) {
  const Axes axes = node.integers("axes", {});
  inputs[1] = ops::int64_tensor(axes);
  node.attributes.erase("axes");
  if (axes.empty()) node.attributes["noop_with_empty_axes"] = std::int64_t{1};
}

void normalize_arg(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", 0), in.size());
  const std::int64_t last = ops::flag(node, "select_last_index", 0) ? 1 : 0;
  const bool keep = ops::flag(node, "keepdims", 1);
  const std::int64_t size = in[static_cast<std::size_t>(axis)];
  if (size < 0) ops::refuse(node, "searches the batch; expected another axis");
  if (size == 0) ops::invalid(node, "searches an axis without elements; expected some");
  node.attributes = {{"axis", axis}, {"select_last_index", last}};
  if (!keep) squeeze_after(context, node, {axis});
}

std::vector<TensorType> infer_arg(const Graph& graph, const Node& node) {
  Shape shape = ops::input_shape(graph, node);
  const std::int64_t axis = ops::axis_in(node, node.integer("axis", 0), shape.size());
  shape[static_cast<std::size_t>(axis)] = 1;
  return {{DType::kInt64, shape}};
}

std::vector<Tensor> evaluate_arg(const Node& node, std::span<const Tensor* const> inputs,
                                 std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  auto to = out[0].as<std::int64_t>().begin();
  const bool largest = node.op == "ArgMax";
  const bool last = node.integer("select_last_index", 0) == 1;
  ops::with_type(node, inputs[0]->dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto from = ops::cells<T>(*inputs[0]);
    T best{};
    std::int64_t index = -1, found = 0;
    floatops::reduce(
        inputs[0]->shape(), {node.integer("axis", 0)}, [&] { index = -1; },
        [&](std::int64_t at) {
          const T x = from[static_cast<std::size_t>(at)];
          const bool better = largest ? x > best : x < best;
          if (++index == 0 || better || (last && x == best)) best = x, found = index;
        },
        [&] { *to++ = found; });
  });
  return out;
}

}  // namespace

GraphOpFamily reduce_graph_op() {
  GraphOpFamily family;
  for (const char* type : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
                           "ReduceL1", "ReduceL2", "ReduceSumSquare"}) {
    family.push_back({.type = type,
                      .since = 1,
                      .max_inputs = 2,
                      .attributes = {"axes", "keepdims", "noop_with_empty_axes"},
                      .normalize = normalize_reduce,
                      .infer_shape = infer_reduce,
                      .evaluate = evaluate_reduce,
                      .to_onnx = reduce_to_onnx,
                      .export_opset = 18});
  }
  for (const char* type : {"ArgMax", "ArgMin"}) {
    family.push_back({.type = type,
                      .since = 1,
                      .attributes = {"axis", "keepdims", "select_last_index"},
                      .normalize = normalize_arg,
                      .infer_shape = infer_arg,
                      .evaluate = evaluate_arg});
  }
  return family;
}

}  // namespace gradus
