#include "gradus/prepare/groups.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

constexpr std::string_view kFunctions[] = {"Abs",
                                           "Ceil",
                                           "Celu",
                                           "Clip",
                                           "Cos",
                                           "Elu",
                                           "Erf",
                                           "Exp",
                                           "Floor",
                                           "Gelu",
                                           "HardSigmoid",
                                           "HardSwish",
                                           "LeakyRelu",
                                           "Log",
                                           "Mish",
                                           "Neg",
                                           "Reciprocal",
                                           "Relu",
                                           "Round",
                                           "Selu",
                                           "Sigmoid",
                                           "Sign",
                                           "Sin",
                                           "Softplus",
                                           "Softsign",
                                           "Sqrt",
                                           "Swish",
                                           "Tanh",
                                           "ThresholdedRelu",
                                           "Not"};
constexpr std::string_view kOfTwo[] = {
    "Add", "Div", "Max",   "Min",  "Mul",         "Pow",     "PRelu",
    "Sub", "And", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual",
    "Or",  "Xor"};
constexpr std::string_view kMovements[] = {"DepthToSpace", "Expand",    "Flatten",      "Gather",
                                           "Reshape",      "Slice",     "SpaceToDepth", "Squeeze",
                                           "Tile",         "Transpose", "Unsqueeze"};

bool among(const auto& list, const std::string& op) {
  return std::find(std::begin(list), std::end(list), op) != std::end(list);
}

bool is_constant(const Graph& graph, ValueId id) {
  return id != kNoValue && graph.value(id).constant.has_value();
}

bool reads(const Node& node, ValueId id) {
  return std::find(node.inputs.begin(), node.inputs.end(), id) != node.inputs.end();
}

// Values that a function of one tensor may have on its way: reals and what is true of them.
bool is_plain(const Value& value) {
  return value.dtype == DType::kFloat32 || value.dtype == DType::kBool;
}

// 1 to 3 of functions, 0 of everything else.
std::size_t operands_of(const Node& node) {
  if (node.op == "Where") return 3;
  if (node.op == "Cast") return 1;  // from one plain type to the other
  return among(kOfTwo, node.op) ? 2 : among(kFunctions, node.op) ? 1 : 0;
}

// One number, or one a channel of a value of this rank.
bool is_parameter(const Value& value, std::size_t rank) {
  if (!value.constant) return false;
  const Shape& shape = value.constant->shape();
  if (shape.size() > rank) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = rank - shape.size() + i;
    if (axis != 1 && shape[i] != 1) return false;
  }
  return true;
}

}  // namespace

bool is_inner(const Node& node) { return node.attributes.contains("inner"); }

const Node& root_of(const Graph& graph, const Node& node) {
  auto at = static_cast<std::size_t>(&node - graph.nodes.data());
  while (is_inner(graph.nodes.at(at))) {
    const ValueId made = graph.nodes[at].outputs.at(0);
    // Its readers are all of the group, and lie close behind it.
    do ++at;
    while (!reads(graph.nodes.at(at), made));
  }
  return graph.nodes[at];
}

std::vector<const Node*> group_of(const Graph& graph, const Node& root) {
  std::set<const Node*> found = {&root};
  std::vector<const Node*> open = {&root};
  while (!open.empty()) {
    const Node& node = *open.back();
    open.pop_back();
    for (ValueId id : node.inputs) {
      if (id == kNoValue || is_constant(graph, id)) continue;
      const std::int64_t producer = graph.producer(id);
      if (producer < 0) continue;
      const Node& before = graph.nodes[static_cast<std::size_t>(producer)];
      if (is_inner(before) && found.insert(&before).second) open.push_back(&before);
    }
  }
  return {found.begin(), found.end()};  // nodes lie in one vector: by address is in order
}

ValueId source_of(const Graph& graph, const Node& root) {
  const std::vector<const Node*> group = group_of(graph, root);
  ValueId source = kNoValue;
  for (const Node* node : group) {
    for (ValueId id : node->inputs) {
      if (id == kNoValue || is_constant(graph, id)) continue;
      const bool inside = std::any_of(group.begin(), group.end(), [&](const Node* other) {
        return other->outputs.at(0) == id;
      });
      if (inside || id == source) continue;
      if (source != kNoValue) return kNoValue;
      source = id;
    }
  }
  return source;
}

bool is_pointwise(const Graph& graph, const Node& node) {
  const std::size_t operands = operands_of(node);
  if (operands == 0 || node.inputs.size() != operands || node.outputs.size() != 1) return false;
  const Value& out = graph.value(node.outputs[0]);
  if (!out.shape || out.shape->size() < 2 || out.shape->size() > 4 || !is_plain(out)) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const Value& value = graph.value(id);
    if (!is_plain(value)) return false;
    return value.constant ? is_parameter(value, out.shape->size()) : value.shape == out.shape;
  });
}

bool is_function(const Graph& graph, const Node& node) {
  return is_pointwise(graph, node) && graph.value(node.outputs[0]).dtype == DType::kFloat32;
}

bool is_movement(const Node& node) {
  if (node.op == "Resize") {  // crop and resize has values of its own outside
    return node.text("mode", "nearest") == "nearest" &&
           node.text("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
  }
  return among(kMovements, node.op) && node.outputs.size() == 1;
}

MapShape map_shape_of(const Shape& shape) {
  switch (shape.size()) {
    case 2:
      return {shape[1], 1, 1};
    case 3:
      return {shape[1], 1, shape[2]};
    default:
      return {shape.at(1), shape.at(2), shape.at(3)};
  }
}

Form form_of(const Graph& graph, const Node& root) {
  const bool alone = group_of(graph, root).size() == 1;
  if (is_function(graph, root)) {
    if (!alone) return Form::kActivation;
    if (root.op == "Relu" || root.op == "Clip") return Form::kOwn;
    const bool constants = std::any_of(root.inputs.begin(), root.inputs.end(),
                                       [&](ValueId id) { return is_constant(graph, id); });
    return root.inputs.size() == 1 || constants ? Form::kActivation : Form::kOwn;
  }
  if (!is_movement(root)) return Form::kOwn;
  if (!alone) return Form::kMovement;
  const auto& in = graph.value(root.inputs.at(0)).shape;
  const auto& out = graph.value(root.outputs.at(0)).shape;
  const bool maps = in && out && (in->size() == 4 || in->size() == 2);
  if (root.op == "Slice" && maps) return Form::kOwn;
  const bool flattens = root.op == "Flatten" || root.op == "Reshape";
  return flattens && maps && out->size() == 2 ? Form::kOwn : Form::kMovement;
}

}  // namespace gradus
