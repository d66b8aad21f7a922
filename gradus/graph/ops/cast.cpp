#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "gradus/graph/ops/quantization.h"

namespace gradus {
namespace {

// ONNX's TensorProto.DataType for the types that are cast between.
DType target(const Node& node) {
  static const std::map<std::int64_t, DType> kTypes = {
      {1, DType::kFloat32},  {2, DType::kUint8},   {3, DType::kInt8},    {4, DType::kUint16},
      {5, DType::kInt16},    {6, DType::kInt32},   {7, DType::kInt64},   {9, DType::kBool},
      {11, DType::kFloat64}, {12, DType::kUint32}, {13, DType::kUint64}, {21, DType::kUint4},
      {22, DType::kInt4},    {25, DType::kUint2},  {26, DType::kInt2}};
  const auto found = kTypes.find(node.integer("to", 0));
  if (found == kTypes.end()) {
    ops::refuse(node, "attribute to is " + std::to_string(node.integer("to", 0)) +
                          "; expected float32, float64, bool or an integer type");
  }
  return found->second;
}

// Bits of the integer types that fill less than their memory, else 0.
int narrow_bits(DType dtype) {
  if (dtype == DType::kInt4 || dtype == DType::kUint4) return 4;
  return dtype == DType::kInt2 || dtype == DType::kUint2 ? 2 : 0;
}

// The lowest bits of a number, as two's complement where the type has a sign.
std::byte cut(std::byte value, DType dtype) {
  const int bits = narrow_bits(dtype);
  const bool is_signed = dtype == DType::kInt4 || dtype == DType::kInt2;
  int low = std::to_integer<int>(value) & ((1 << bits) - 1);
  if (is_signed && low >= 1 << (bits - 1)) low -= 1 << bits;
  return static_cast<std::byte>(low);
}

void normalize_cast(NormalizeContext& context, Node& node) {
  if (ops::input_dtype(context.graph, node) != target(node)) {
    // Floats that a type of 2 or 4 bits cannot hold were cut to its range by the releases up to
    // opset 24 and lose their high bits after.
    node.attributes.erase("saturate");
    if (narrow_bits(target(node)) > 0) {
      node.attributes["saturate"] = std::int64_t{context.opset < 25 ? 1 : 0};
    }
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
  const auto from = ops::cells<From>(in);
  const auto to = ops::cells<To>(out);
  for (std::size_t i = 0; i < from.size(); ++i) {
    constexpr bool kReal = std::is_floating_point_v<From>;
    to[i] = converted<To>(node, kReal ? static_cast<double>(from[i]) : 0.0,
                          kReal ? 0 : static_cast<std::int64_t>(from[i]), kReal);
  }
}

void cast_to_bool(const Node& node, const Tensor& in, Tensor& out) {
  ops::with_type(node, in.dtype(), [&](auto zero) {
    const auto from = ops::cells<decltype(zero)>(in);
    for (std::size_t i = 0; i < from.size(); ++i) {
      out.bytes()[i] = from[i] != decltype(zero){0} ? std::byte{1} : std::byte{0};
    }
  });
}

// Through int64, whose low bits are kept, or which is cut to the type's range.
void cast_narrow(const Node& node, const Tensor& in, Tensor& out) {
  const bool saturate = node.integer("saturate", 0) == 1 && in.dtype() == DType::kFloat32;
  const ops::CodeLimits limits = ops::limits_of(out.dtype());
  ops::with_type(node, in.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto from = ops::cells<T>(in);
    for (std::size_t i = 0; i < from.size(); ++i) {
      constexpr bool kReal = std::is_floating_point_v<T>;
      auto whole = converted<std::int64_t>(node, kReal ? static_cast<double>(from[i]) : 0.0,
                                           kReal ? 0 : static_cast<std::int64_t>(from[i]), kReal);
      if (saturate) whole = std::clamp(whole, limits.low, limits.high);
      out.bytes()[i] = cut(static_cast<std::byte>(whole & 0xff), out.dtype());
    }
  });
}

// Types of 4 bits are there from opset 21 on, of 2 bits from 25; so is how floats are cut.
int cast_opset(const Node& node) {
  const int bits = narrow_bits(target(node));
  if (bits == 0) return kExportOpset;
  return bits == 2 || node.integer("saturate", 1) == 0 ? 25 : 21;
}

void cast_to_onnx(Node& node, OnnxInputs&) { node.attributes.erase("saturate"); }

std::vector<Tensor> evaluate_cast(const Node& node, std::span<const Tensor* const> inputs,
                                  std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  if (types[0].dtype == DType::kBool) {
    cast_to_bool(node, *inputs[0], out[0]);
    return out;
  }
  if (narrow_bits(types[0].dtype) > 0) {
    cast_narrow(node, *inputs[0], out[0]);
    return out;
  }
  ops::with_type(node, inputs[0]->dtype(), [&](auto from) {
    ops::with_type(node, types[0].dtype,
                   [&](auto to) { cast<decltype(from), decltype(to)>(node, *inputs[0], out[0]); });
  });
  return out;
}

}  // namespace

GraphOpFamily cast_graph_op() {
  return {{.type = "Cast",
           .since = 6,
           .attributes = {"saturate", "to"},
           .normalize = normalize_cast,
           .infer_shape = infer_cast,
           .evaluate = evaluate_cast,
           .to_onnx = cast_to_onnx,
           .opset_needed = cast_opset}};
}

}  // namespace gradus
