#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

constexpr const char* kNames[] = {"start", "limit", "delta"};

const Tensor& bound(const Graph& graph, const Node& node, std::size_t i) {
  const auto& constant = graph.value(node.inputs.at(i)).constant;
  if (!constant)
    ops::refuse(node, std::string("its ") + kNames[i] +
                          " is computed at run time; "
                          "expected a constant");
  if (constant->size() != 1) {
    ops::invalid(node, std::string("its ") + kNames[i] + " is " + to_string(constant->shape()) +
                           "; expected one number");
  }
  if (constant->dtype() != graph.value(node.inputs[0]).dtype) {
    ops::invalid(node, "its bounds are of several types; expected one");
  }
  return *constant;
}

// How many numbers there are.
template <typename T>
double length_of(T start, T limit, T delta) {
  if constexpr (std::is_floating_point_v<T>) {
    const double span = static_cast<double>(limit) - static_cast<double>(start);
    return std::max(0.0, std::ceil(span / static_cast<double>(delta)));
  } else {
    const bool up = delta > 0;
    if (up ? start >= limit : start <= limit) return 0.0;
    const auto low = static_cast<std::uint64_t>(up ? start : limit);
    const auto high = static_cast<std::uint64_t>(up ? limit : start);
    const auto step = static_cast<std::uint64_t>(delta);
    return static_cast<double>((high - low - 1) / (up ? step : 0 - step) + 1);
  }
}

template <typename T>
T number_at(T start, T delta, std::int64_t i) {
  if constexpr (std::is_floating_point_v<T>) {
    return start + static_cast<T>(i) * delta;
  } else {
    // Around the range of int64 and back, where the way there does not fit into it.
    return static_cast<T>(static_cast<std::uint64_t>(start) +
                          static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(delta));
  }
}

// The length becomes an attribute, so that the size of the result is known before it is made.
void normalize_range(NormalizeContext& context, Node& node) {
  const Tensor& start = bound(context.graph, node, 0);
  const Tensor& limit = bound(context.graph, node, 1);
  const Tensor& delta = bound(context.graph, node, 2);
  ops::with_type(node, start.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (start.dtype() == DType::kBool) ops::invalid(node, "its bounds are bool; expected numbers");
    const T step = ops::cells<T>(delta)[0];
    if (step == T{0}) ops::invalid(node, "its delta is 0; expected another number");
    const double length = length_of(ops::cells<T>(start)[0], ops::cells<T>(limit)[0], step);
    if (!(length <= 0x1p31)) ops::refuse(node, "makes more than 2^31 numbers");
    node.attributes["size"] = static_cast<std::int64_t>(length);
  });
}

std::vector<TensorType> infer_range(const Graph& graph, const Node& node) {
  return {{ops::input_dtype(graph, node), {node.integer("size", 0)}}};
}

std::vector<Tensor> evaluate_range(const Node& node, std::span<const Tensor* const> inputs,
                                   std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  ops::with_type(node, types[0].dtype, [&](auto zero) {
    using T = decltype(zero);
    const T start = ops::cells<T>(*inputs[0])[0], delta = ops::cells<T>(*inputs[2])[0];
    std::int64_t i = 0;
    for (T& number : ops::cells<T>(out[0])) number = number_at(start, delta, i++);
  });
  return out;
}

}  // namespace

GraphOpFamily range_graph_op() {
  return {{.type = "Range",
           .since = 11,
           .min_inputs = 3,
           .max_inputs = 3,
           .normalize = normalize_range,
           .infer_shape = infer_range,
           .evaluate = evaluate_range}};
}

}  // namespace gradus
