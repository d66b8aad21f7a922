#include <cmath>
#include <limits>

#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

// ONNX's TensorProto.DataType for the types that constants are cast between.
DType target(const Node& node) {
  switch (node.integer("to", 0)) {
    case 1:
      return DType::kFloat32;
    case 2:
      return DType::kUint8;
    case 3:
      return DType::kInt8;
    case 6:
      return DType::kInt32;
    case 7:
      return DType::kInt64;
    case 9:
      return DType::kBool;
    case 11:
      return DType::kFloat64;
    default:
      ops::refuse(node, "attribute to is " + std::to_string(node.integer("to", 0)) +
                            "; expected float32, float64, int8, uint8, int32, int64 or bool");
  }
}

void normalize_cast(NormalizeContext& context, Node& node) {
  if (ops::input_dtype(context.graph, node) != target(node)) {
    node.attributes.erase("saturate");
    return;
  }
  node.op = "Identity";
  node.attributes.clear();
}

std::vector<TensorType> infer_cast(const Graph& graph, const Node& node) {
  return {{target(node), ops::input_shape(graph, node)}};
}

template <typename T>
T converted(const Node& node, double real, std::int64_t whole, bool is_real) {
  if constexpr (std::is_floating_point_v<T>) {
    return is_real ? static_cast<T>(real) : static_cast<T>(whole);
  } else {
    if (!is_real) return static_cast<T>(whole);
    // The cast of C++ is undefined outside the type's range, and ONNX leaves it open.
    constexpr double kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr double kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (!(real > kLow - 1.0 && real < kHigh)) {
      if (real != kHigh || sizeof(T) == 8) {
        ops::invalid(node, "casts " + std::to_string(real) + " to an integer that cannot hold it");
      }
    }
    return static_cast<T>(real);
  }
}

template <typename From, typename To>
void cast(const Node& node, const Tensor& in, Tensor& out) {
  const auto from = in.as<From>();
  const auto to = out.as<To>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    constexpr bool kReal = std::is_floating_point_v<From>;
    to[i] = converted<To>(node, kReal ? static_cast<double>(from[i]) : 0.0,
                          kReal ? 0 : static_cast<std::int64_t>(from[i]), kReal);
  }
}

template <typename From>
void cast_from(const Node& node, const Tensor& in, Tensor& out) {
  switch (out.dtype()) {
    case DType::kFloat32:
      return cast<From, float>(node, in, out);
    case DType::kFloat64:
      return cast<From, double>(node, in, out);
    case DType::kInt8:
      return cast<From, std::int8_t>(node, in, out);
    case DType::kUint8:
      return cast<From, std::uint8_t>(node, in, out);
    case DType::kInt32:
      return cast<From, std::int32_t>(node, in, out);
    case DType::kInt64:
      return cast<From, std::int64_t>(node, in, out);
    default:
      break;
  }
  const auto from = in.as<From>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    out.bytes()[i] = from[i] != From{0} ? std::byte{1} : std::byte{0};
  }
}

std::vector<Tensor> evaluate_cast(const Node& node, std::span<const Tensor* const> inputs) {
  Tensor in = *inputs[0];
  Tensor out(target(node), in.shape());
  switch (in.dtype()) {
    case DType::kFloat32:
      cast_from<float>(node, in, out);
      break;
    case DType::kFloat64:
      cast_from<double>(node, in, out);
      break;
    case DType::kInt8:
      cast_from<std::int8_t>(node, in, out);
      break;
    case DType::kUint8:
      cast_from<std::uint8_t>(node, in, out);
      break;
    case DType::kInt32:
      cast_from<std::int32_t>(node, in, out);
      break;
    case DType::kInt64:
      cast_from<std::int64_t>(node, in, out);
      break;
    default:
      ops::refuse(node, std::string("casts a constant from ") + dtype_name(in.dtype()) +
                            "; expected float32, float64, int8, uint8, int32 or int64");
  }
  return {std::move(out)};
}

}  // namespace

GraphOpFamily cast_graph_op() {
  return {{.type = "Cast",
           .since = 6,
           .attributes = {"saturate", "to"},
           .normalize = normalize_cast,
           .infer_shape = infer_cast,
           .evaluate = evaluate_cast}};
}

}  // namespace gradus
