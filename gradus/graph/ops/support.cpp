#include "gradus/graph/ops/support.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradus/base/error.h"

namespace gradus::ops {
namespace {

std::string where(const Node& node) { return "node '" + node.name + "' (" + node.op + "): "; }

}  // namespace

void refuse(const Node& node, const std::string& text) {
  throw Error(ErrorCode::kUnsupported, where(node) + text);
}

void invalid(const Node& node, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, where(node) + text);
}

const Shape& input_shape(const Graph& graph, const Node& node, std::size_t i) {
  const ValueId id = node.input(i);
  if (id == kNoValue) invalid(node, "input " + std::to_string(i) + " is missing");
  const Value& value = graph.value(id);
  if (!value.shape) invalid(node, "the rank of its input '" + value.name + "' is not known");
  return *value.shape;
}

DType input_dtype(const Graph& graph, const Node& node, std::size_t i) {
  input_shape(graph, node, i);
  return graph.value(node.input(i)).dtype;
}

const Shape& float_shape(const Graph& graph, const Node& node, std::size_t i) {
  const Shape& shape = input_shape(graph, node, i);
  const Value& value = graph.value(node.input(i));
  if (value.dtype != DType::kFloat32) {
    refuse(node,
           "its input '" + value.name + "' is " + dtype_name(value.dtype) + "; expected float32");
  }
  return shape;
}

const Shape& map_shape(const Graph& graph, const Node& node, std::size_t i) {
  float_shape(graph, node, i);
  return any_map_shape(graph, node, i);
}

const Shape& any_map_shape(const Graph& graph, const Node& node, std::size_t i) {
  const Shape& shape = input_shape(graph, node, i);
  if (shape.size() != 4) {
    refuse(node,
           "its input is " + to_string(shape) + "; expected [batch, channels, height, width]");
  }
  if (shape[1] < 0 || shape[2] < 0 || shape[3] < 0) {
    refuse(node, "its input is " + to_string(shape) + "; expected only the batch to be open");
  }
  return shape;
}

const Tensor* constant_floats(const Graph& graph, const Node& node, std::size_t i,
                              const char* meaning) {
  const ValueId id = node.input(i);
  if (id == kNoValue) return nullptr;
  const Value& value = graph.value(id);
  if (!value.constant || value.constant->dtype() != DType::kFloat32) {
    refuse(node,
           std::string("its ") + meaning + " '" + value.name + "' is " +
               (value.constant ? dtype_name(value.constant->dtype()) : "computed at run time") +
               "; expected constant float32");
  }
  return &*value.constant;
}

std::optional<std::vector<std::int64_t>> integers(const NormalizeContext& context, const Node& node,
                                                  std::size_t i, const char* meaning) {
  const ValueId id = node.input(i);
  if (id == kNoValue) {
    if (!node.attributes.contains(meaning)) return std::nullopt;
    return node.integers(meaning, {});
  }
  const Value& value = context.graph.value(id);
  const auto partial = context.partial.find(id);
  const Tensor* tensor = value.constant                     ? &*value.constant
                         : partial != context.partial.end() ? &partial->second
                                                            : nullptr;
  if (tensor == nullptr) {
    refuse(node, std::string("its ") + meaning + " '" + value.name +
                     "' are computed at run time; expected constants");
  }
  if (tensor->shape().size() > 1) {
    invalid(node, std::string("its ") + meaning + " '" + value.name + "' are " +
                      to_string(tensor->shape()) + "; expected a list");
  }
  if (tensor->size() > kMostIntegers) {
    invalid(node, std::string("its ") + meaning + " '" + value.name + "' are " +
                      std::to_string(tensor->size()) + " numbers; expected at most " +
                      std::to_string(kMostIntegers));
  }
  if (tensor->dtype() == DType::kInt32) {
    const auto narrow = tensor->as<std::int32_t>();
    return std::vector<std::int64_t>(narrow.begin(), narrow.end());
  }
  if (tensor->dtype() != DType::kInt64) {
    invalid(node, std::string("its ") + meaning + " '" + value.name + "' are " +
                      dtype_name(tensor->dtype()) + "; expected integers");
  }
  const auto wide = tensor->as<std::int64_t>();
  return std::vector<std::int64_t>(wide.begin(), wide.end());
}

std::optional<float> real(const NormalizeContext& context, const Node& node, std::size_t i,
                          const char* meaning) {
  const Tensor* tensor = constant_floats(context.graph, node, i, meaning);
  if (tensor == nullptr) {
    if (!node.attributes.contains(meaning)) return std::nullopt;
    return node.real(meaning, 0.0f);
  }
  if (tensor->size() != 1) {
    invalid(node, std::string("its ") + meaning + " is " + to_string(tensor->shape()) +
                      "; expected one number");
  }
  return tensor->as<float>()[0];
}

std::int64_t axis_in(const Node& node, std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    invalid(node, "axis is " + std::to_string(axis) + " for a tensor of rank " +
                      std::to_string(rank) + "; expected " + std::to_string(-size) + " to " +
                      std::to_string(size - 1));
  }
  return axis < 0 ? axis + size : axis;
}

std::vector<std::int64_t> axes_in(const Node& node, std::vector<std::int64_t> axes,
                                  std::size_t rank) {
  for (auto& axis : axes) axis = axis_in(node, axis, rank);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) {
    invalid(node, "axes are " + list_text(axes) + "; expected each axis once");
  }
  return axes;
}

void drop_inputs(Node& node, std::size_t count) {
  if (node.inputs.size() > count) node.inputs.resize(count);
}

void require(const Node& node, const char* attribute, std::int64_t value) {
  const std::int64_t found = node.integer(attribute, value);
  if (found != value) {
    refuse(node, std::string("attribute ") + attribute + " is " + std::to_string(found) +
                     "; expected " + std::to_string(value));
  }
}

std::string list_text(const std::vector<std::int64_t>& list) {
  constexpr std::size_t kShown = 16;
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(list.size(), kShown); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(list[i]);
  }
  return text + (list.size() > kShown ? ", ... " + std::to_string(list.size()) + " in all]" : "]");
}

ValueId add_constant(NormalizeContext& context, const Node& node, const std::string& name,
                     Tensor tensor) {
  Value value;
  value.name = name;
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  return context.add_value(node, std::move(value));
}

ValueId emit(NormalizeContext& context, const Node& user, const char* op,
             std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  return context.emit(user, std::move(node));
}

void expect_few_indices(const Node& node, std::int64_t count) {
  if (count > kMostIndices) {
    refuse(node, "becomes a Gather of " + std::to_string(count) + " indices; expected at most " +
                     std::to_string(kMostIndices));
  }
}

ValueId emit_gather(NormalizeContext& context, const Node& user, ValueId in, std::int64_t axis,
                    const std::vector<std::int64_t>& indices) {
  const ValueId list = add_constant(context, user, user.name + "_indices", int64_tensor(indices));
  return emit(context, user, "Gather", {in, list}, {{"axis", axis}});
}

void make_identity(Node& node) {
  drop_inputs(node, 1);
  node.op = "Identity";
  node.attributes.clear();
}

bool flag(const Node& node, const char* attribute, std::int64_t otherwise) {
  const std::int64_t found = node.integer(attribute, otherwise);
  if (found != 0 && found != 1) {
    invalid(node, std::string("attribute ") + attribute + " is " + std::to_string(found) +
                      "; expected 0 or 1");
  }
  return found == 1;
}

float finite(const Node& node, const char* attribute, float otherwise) {
  const float found = node.real(attribute, otherwise);
  if (!std::isfinite(found)) {
    invalid(node, std::string("attribute ") + attribute + " is " + std::to_string(found) +
                      "; expected a finite number");
  }
  return found;
}

Shape broadcast(const Node& node, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      invalid(node, "its inputs are " + to_string(a) + " and " + to_string(b) +
                        "; expected shapes that broadcast");
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

Shape matmul_shape(const Node& node, Shape a, Shape b) {
  const auto refuse_shapes = [&] {
    invalid(node, "its inputs are " + to_string(a) + " and " + to_string(b) +
                      "; expected matrices that fit each other");
  };
  if (a.empty() || b.empty()) refuse_shapes();
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a.back() < 0 || b[b.size() - 2] < 0) {
    refuse(node, "its inputs are " + to_string(a) + " and " + to_string(b) +
                     ", and it sums over the batch; expected another axis");
  }
  if (a.back() != b[b.size() - 2]) refuse_shapes();
  Shape out = broadcast(node, {a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

Tensor int64_tensor(const std::vector<std::int64_t>& values) {
  return Tensor::from<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace gradus::ops
