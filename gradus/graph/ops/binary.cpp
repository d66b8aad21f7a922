#include <cmath>
#include <limits>
#include <type_traits>

#include "gradus/floatops/elementwise.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

using Count = std::numeric_limits<std::size_t>;

std::vector<TensorType> infer_binary(const Graph& graph, const Node& node) {
  const Shape& a = ops::input_shape(graph, node, 0);
  const Shape& b = ops::input_shape(graph, node, 1);
  const DType dtype = ops::input_dtype(graph, node, 0);
  if (ops::input_dtype(graph, node, 1) != dtype && node.op != "Pow") {
    ops::invalid(node, std::string("its inputs are ") + dtype_name(dtype) + " and " +
                           dtype_name(ops::input_dtype(graph, node, 1)) + "; expected one type");
  }
  return {{dtype, ops::broadcast(node, a, b)}};
}

// Before opset 7 b was spread only on request, from `axis` of a on.
void normalize_binary(NormalizeContext& context, Node& node) {
  const bool spread = ops::flag(node, "broadcast", 0);
  const std::int64_t axis = node.integer("axis", -1);
  node.attributes.clear();
  if (context.opset >= 7) return;
  const Shape a = ops::input_shape(context.graph, node, 0);
  const Shape b = ops::input_shape(context.graph, node, 1);
  if (!spread && a != b) {
    ops::invalid(node, "its inputs are " + to_string(a) + " and " + to_string(b) +
                           "; expected one shape without attribute broadcast");
  }
  if (!spread || axis == -1 || b.empty()) return;
  const std::int64_t end = ops::axis_in(node, axis, a.size()) + static_cast<std::int64_t>(b.size());
  if (end > static_cast<std::int64_t>(a.size())) {
    ops::invalid(node, "spreads " + to_string(b) + " from axis " + std::to_string(axis) + " of " +
                           to_string(a) + "; expected it to fit");
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t i = end; i < static_cast<std::int64_t>(a.size()); ++i) {
    axes.push_back(i - end + static_cast<std::int64_t>(b.size()));
  }
  if (!axes.empty()) {
    node.inputs[1] = ops::emit(context, node, "Unsqueeze", {node.inputs[1]}, {{"axes", axes}});
  }
}

// Integers wrap around, as unsigned arithmetic does; division rounds towards zero.
template <typename T>
T arithmetic(const Node& node, T a, T b) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T, std::uint64_t>;
  const auto x = static_cast<Wide>(a), y = static_cast<Wide>(b);
  switch (node.op[0]) {
    case 'A':
      return static_cast<T>(x + y);
    case 'S':
      return static_cast<T>(x - y);
    case 'D':
      if constexpr (!std::is_floating_point_v<T>) {
        if (b == 0) ops::invalid(node, "divides an integer by 0");
        if (b == static_cast<T>(-1) && std::is_signed_v<T>) return static_cast<T>(Wide{0} - x);
        return static_cast<T>(a / b);
      }
      return static_cast<T>(a / b);
    default:
      break;
  }
  if (node.op == "Mul") return static_cast<T>(x * y);
  if (node.op == "Max") return a > b || a != a ? a : b;
  return a < b || a != a ? a : b;  // Min
}

std::vector<Tensor> evaluate_binary(const Node& node, std::span<const Tensor* const> inputs,
                                    std::span<const TensorType> types) {
  if (types[0].dtype == DType::kFloat32) return ops::evaluate_floatop(node, inputs, types);
  std::vector<Tensor> out = ops::make_outputs(types);
  ops::with_type(node, types[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    floatops::combine(ops::cells<T>(*inputs[0]).data(), inputs[0]->shape(),
                      ops::cells<T>(*inputs[1]).data(), inputs[1]->shape(),
                      ops::cells<T>(out[0]).data(), out[0].shape(),
                      [&](T a, T b) { return arithmetic(node, a, b); });
  });
  return out;
}

// Integer powers wrap around; a real or negative exponent rounds towards zero.
template <typename A, typename B>
A power(const Node& node, A base, B exponent) {
  if constexpr (std::is_floating_point_v<A>) {
    return static_cast<A>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  } else {
    if constexpr (!std::is_floating_point_v<B>) {
      if (exponent >= 0) {
        std::uint64_t result = 1, factor = static_cast<std::uint64_t>(base);
        for (auto rest = static_cast<std::uint64_t>(exponent); rest > 0; rest >>= 1) {
          if (rest & 1) result *= factor;
          factor *= factor;
        }
        return static_cast<A>(result);
      }
    }
    const double real = std::pow(static_cast<double>(base), static_cast<double>(exponent));
    const bool fits = real > static_cast<double>(std::numeric_limits<A>::min()) - 1.0 &&
                      real < static_cast<double>(std::numeric_limits<A>::max());
    if (!fits) ops::invalid(node, "makes a power that its type cannot hold");
    return static_cast<A>(real);
  }
}

std::vector<Tensor> evaluate_power(const Node& node, std::span<const Tensor* const> inputs,
                                   std::span<const TensorType> types) {
  if (types[0].dtype == DType::kFloat32 && inputs[1]->dtype() == DType::kFloat32) {
    return ops::evaluate_floatop(node, inputs, types);
  }
  std::vector<Tensor> out = ops::make_outputs(types);
  ops::with_type(node, types[0].dtype, [&](auto base) {
    ops::with_type(node, inputs[1]->dtype(), [&](auto exponent) {
      using A = decltype(base);
      using B = decltype(exponent);
      floatops::combine(ops::cells<A>(*inputs[0]).data(), inputs[0]->shape(),
                        ops::cells<B>(*inputs[1]).data(), inputs[1]->shape(),
                        ops::cells<A>(out[0]).data(), out[0].shape(),
                        [&](A a, B b) { return power(node, a, b); });
    });
  });
  return out;
}

// Sum, Mean, Max and Min of any number of inputs become a chain of pairs, from the left.
void normalize_chain(NormalizeContext& context, Node& node) {
  const std::string pair = node.op == "Sum" || node.op == "Mean" ? "Add" : node.op;
  const std::size_t count = node.inputs.size();
  const bool mean = node.op == "Mean" && count > 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (node.inputs[i] == kNoValue) ops::invalid(node, "an input is left out; expected all");
    if (ops::input_dtype(context.graph, node, i) != ops::input_dtype(context.graph, node)) {
      ops::invalid(node, "its inputs are of several types; expected one");
    }
    if (context.opset < 8 &&
        ops::input_shape(context.graph, node, i) != ops::input_shape(context.graph, node)) {
      ops::invalid(node, "its inputs are of several shapes; expected one before opset 8");
    }
  }
  node.attributes.clear();
  if (count == 1) return ops::make_identity(node);
  if (mean) ops::float_shape(context.graph, node);
  ValueId total = node.inputs[0];
  for (std::size_t i = 1; i < count - (mean ? 0 : 1); ++i) {
    total = ops::emit(context, node, pair.c_str(), {total, node.inputs[i]});
  }
  if (!mean) {
    node.op = pair;
    node.inputs = {total, node.inputs.back()};
    return;
  }
  const auto divisor = static_cast<float>(count);
  node.op = "Div";
  node.inputs = {total, ops::add_constant(context, node, node.name + "_count",
                                          Tensor::from<float>({}, {&divisor, 1}))};
}

// The slope is spread over x alone; with one number a channel, from axis 1, in the oldest files.
void normalize_prelu(NormalizeContext& context, Node& node) {
  const Shape x = ops::float_shape(context.graph, node);
  const Shape slope = ops::float_shape(context.graph, node, 1);
  if (context.opset < 7 && slope.size() == 1 && slope[0] != 1 && x.size() > 2) {
    std::vector<std::int64_t> axes;
    for (std::size_t i = 2; i < x.size(); ++i) axes.push_back(static_cast<std::int64_t>(i) - 1);
    node.inputs[1] = ops::emit(context, node, "Unsqueeze", {node.inputs[1]}, {{"axes", axes}});
  }
}

std::vector<TensorType> infer_prelu(const Graph& graph, const Node& node) {
  const Shape& x = ops::float_shape(graph, node);
  if (ops::broadcast(node, x, ops::float_shape(graph, node, 1)) != x) {
    ops::invalid(node, "its slope is " + to_string(ops::input_shape(graph, node, 1)) +
                           "; expected a shape that broadcasts to " + to_string(x));
  }
  return {{DType::kFloat32, x}};
}

GraphOp chain(const char* type) {
  return {.type = type,
          .since = 6,
          .max_inputs = Count::max(),
          .normalize = normalize_chain,
          .infer_shape = infer_binary,
          .evaluate = evaluate_binary};
}

}  // namespace

GraphOpFamily binary_graph_op() {
  GraphOpFamily family = {chain("Sum"),
                          chain("Mean"),
                          chain("Max"),
                          chain("Min"),
                          {.type = "PRelu",
                           .since = 6,
                           .min_inputs = 2,
                           .max_inputs = 2,
                           .normalize = normalize_prelu,
                           .infer_shape = infer_prelu,
                           .evaluate = ops::evaluate_floatop}};
  for (const char* type : {"Add", "Sub", "Mul", "Div", "Pow"}) {
    family.push_back({.type = type,
                      .since = 6,
                      .min_inputs = 2,
                      .max_inputs = 2,
                      .attributes = {"axis", "broadcast"},
                      .normalize = normalize_binary,
                      .infer_shape = infer_binary,
                      .evaluate = std::string(type) == "Pow" ? evaluate_power : evaluate_binary});
  }
  return family;
}

}  // namespace gradus
