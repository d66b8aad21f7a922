// Comparisons, logic and choice. Values of bool are 0 or 1.
#include "gradus/floatops/elementwise.h"
#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

std::vector<TensorType> infer_comparison(const Graph& graph, const Node& node) {
  const DType dtype = ops::input_dtype(graph, node);
  if (ops::input_dtype(graph, node, 1) != dtype) {
    ops::invalid(node, std::string("its inputs are ") + dtype_name(dtype) + " and " +
                           dtype_name(ops::input_dtype(graph, node, 1)) + "; expected one type");
  }
  const bool logical = node.op == "And" || node.op == "Or" || node.op == "Xor";
  if (logical && dtype != DType::kBool) {
    ops::invalid(node, std::string("its inputs are ") + dtype_name(dtype) + "; expected bool");
  }
  return {{DType::kBool,
           ops::broadcast(node, ops::input_shape(graph, node), ops::input_shape(graph, node, 1))}};
}

template <typename T>
bool holds(const std::string& op, T a, T b) {
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  return (a != 0) != (b != 0);  // Xor
}

std::vector<Tensor> evaluate_comparison(const Node& node, std::span<const Tensor* const> inputs,
                                        std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  ops::with_type(node, inputs[0]->dtype(), [&](auto zero) {
    using T = decltype(zero);
    floatops::combine(ops::cells<T>(*inputs[0]).data(), inputs[0]->shape(),
                      ops::cells<T>(*inputs[1]).data(), inputs[1]->shape(),
                      ops::cells<std::uint8_t>(out[0]).data(), out[0].shape(),
                      [&](T a, T b) { return static_cast<std::uint8_t>(holds(node.op, a, b)); });
  });
  return out;
}

std::vector<TensorType> infer_not(const Graph& graph, const Node& node) {
  const DType dtype = ops::input_dtype(graph, node);
  if (dtype != DType::kBool) {
    ops::invalid(node, std::string("its input is ") + dtype_name(dtype) + "; expected bool");
  }
  return {{dtype, ops::input_shape(graph, node)}};
}

std::vector<Tensor> evaluate_not(const Node&, std::span<const Tensor* const> inputs,
                                 std::span<const TensorType>) {
  Tensor out = *inputs[0];
  for (auto& value : out.bytes()) value ^= std::byte{1};
  return {std::move(out)};
}

std::vector<TensorType> infer_where(const Graph& graph, const Node& node) {
  const DType dtype = ops::input_dtype(graph, node, 1);
  if (ops::input_dtype(graph, node) != DType::kBool || ops::input_dtype(graph, node, 2) != dtype) {
    ops::invalid(node, "expected a condition of bool and two inputs of one type");
  }
  const Shape both =
      ops::broadcast(node, ops::input_shape(graph, node, 1), ops::input_shape(graph, node, 2));
  return {{dtype, ops::broadcast(node, ops::input_shape(graph, node), both)}};
}

std::vector<Tensor> evaluate_where(const Node&, std::span<const Tensor* const> inputs,
                                   std::span<const TensorType> types) {
  const Shape& shape = types[0].shape;
  const auto spread = [&](const Tensor& in) {
    return ops::take(in, shape, ops::broadcast_strides(in.shape(), shape), 0);
  };
  const Tensor condition = spread(*inputs[0]), otherwise = spread(*inputs[2]);
  Tensor out = spread(*inputs[1]);
  const std::size_t width = dtype_bytes(out.dtype());
  for (std::size_t i = 0; i < condition.bytes().size(); ++i) {
    if (condition.bytes()[i] != std::byte{}) continue;
    std::memcpy(out.bytes().data() + i * width, otherwise.bytes().data() + i * width, width);
  }
  return {std::move(out)};
}

}  // namespace

GraphOpFamily logic_graph_op() {
  GraphOpFamily family = {
      {.type = "Not", .since = 1, .infer_shape = infer_not, .evaluate = evaluate_not},
      {.type = "Where",
       .since = 9,
       .min_inputs = 3,
       .max_inputs = 3,
       .infer_shape = infer_where,
       .evaluate = evaluate_where}};
  for (const auto& [type, since] : {std::pair{"Equal", 7},
                                    {"Less", 7},
                                    {"Greater", 7},
                                    {"LessOrEqual", 12},
                                    {"GreaterOrEqual", 12},
                                    {"And", 7},
                                    {"Or", 7},
                                    {"Xor", 7}}) {
    family.push_back({.type = type,
                      .since = since,
                      .min_inputs = 2,
                      .max_inputs = 2,
                      .infer_shape = infer_comparison,
                      .evaluate = evaluate_comparison});
  }
  return family;
}

}  // namespace gradus
