#include <algorithm>
#include <type_traits>

#include "gradus/graph/ops/elements.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

// numpy's broadcasting; the batch, -1, fits only itself and 1.
Shape broadcast(const Node& node, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      ops::invalid(node, "its inputs are " + to_string(a) + " and " + to_string(b) +
                             "; expected shapes that broadcast");
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

std::vector<TensorType> infer_binary(const Graph& graph, const Node& node) {
  const Shape& a = ops::input_shape(graph, node, 0);
  const Shape& b = ops::input_shape(graph, node, 1);
  const DType dtype = ops::input_dtype(graph, node, 0);
  if (ops::input_dtype(graph, node, 1) != dtype) {
    ops::invalid(node, std::string("its inputs are ") + dtype_name(dtype) + " and " +
                           dtype_name(ops::input_dtype(graph, node, 1)) + "; expected one type");
  }
  return {{dtype, broadcast(node, a, b)}};
}

struct Plus {
  template <typename T>
  T operator()(const Node&, T a, T b) const {
    return static_cast<T>(a + b);
  }
};
struct Minus {
  template <typename T>
  T operator()(const Node&, T a, T b) const {
    return static_cast<T>(a - b);
  }
};
struct Times {
  template <typename T>
  T operator()(const Node&, T a, T b) const {
    return static_cast<T>(a * b);
  }
};
struct Over {
  template <typename T>
  T operator()(const Node& node, T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return a / b;
    } else {
      // The unsigned type holds two's complement: divide as signed, and wrap the one overflow.
      using Signed = std::make_signed_t<T>;
      if (b == 0) ops::invalid(node, "divides an integer constant by 0");
      if (static_cast<Signed>(b) == -1) return static_cast<T>(T{0} - a);
      return static_cast<T>(static_cast<Signed>(a) / static_cast<Signed>(b));
    }
  }
};

template <typename T, typename Operation>
void compute(const Node& node, const Tensor& a, const Tensor& b, Tensor& out) {
  const auto* x = reinterpret_cast<const T*>(a.bytes().data());
  const auto* y = reinterpret_cast<const T*>(b.bytes().data());
  auto* to = reinterpret_cast<T*>(out.bytes().data());
  for (std::int64_t i = 0; i < out.size(); ++i) to[i] = Operation{}(node, x[i], y[i]);
}

// Integers wrap around, as unsigned arithmetic does.
template <typename Operation>
std::vector<Tensor> evaluate_binary(const Node& node, std::span<const Tensor* const> inputs) {
  const Shape shape = broadcast(node, inputs[0]->shape(), inputs[1]->shape());
  const auto spread = [&](const Tensor& in) {
    return ops::take(in, shape, ops::broadcast_strides(in.shape(), shape), 0);
  };
  const Tensor a = spread(*inputs[0]);
  const Tensor b = spread(*inputs[1]);
  Tensor out(a.dtype(), shape);
  switch (a.dtype()) {
    case DType::kFloat32:
      compute<float, Operation>(node, a, b, out);
      break;
    case DType::kFloat64:
      compute<double, Operation>(node, a, b, out);
      break;
    case DType::kInt32:
      compute<std::uint32_t, Operation>(node, a, b, out);
      break;
    case DType::kInt64:
      compute<std::uint64_t, Operation>(node, a, b, out);
      break;
    default:
      ops::refuse(node, std::string("computes constants of type ") + dtype_name(a.dtype()) +
                            "; expected float32, float64, int32 or int64");
  }
  return {std::move(out)};
}

template <typename Operation>
GraphOp binary(const char* type) {
  return {.type = type,
          .min_inputs = 2,
          .max_inputs = 2,
          .infer_shape = infer_binary,
          .evaluate = evaluate_binary<Operation>};
}

}  // namespace

GraphOpFamily binary_graph_op() {
  return {binary<Plus>("Add"), binary<Minus>("Sub"), binary<Times>("Mul"), binary<Over>("Div")};
}

}  // namespace gradus
