#include "gradus/prepare/integer_form.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/graph/fused.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

const Shape& input_shape(const Graph& graph, const Node& node, std::size_t i = 0) {
  const ValueId id = node.input(i);
  if (id == kNoValue) refuse_node(node, "lacks input " + std::to_string(i));
  if (graph.value(id).constant) {
    refuse_node(node, "its input '" + graph.value(id).name +
                          "' is a constant; expected a value computed by the network");
  }
  return known_shape(graph, node, id);
}

const Shape& map_shape(const Graph& graph, const Node& node) {
  const Shape& shape = input_shape(graph, node);
  if (shape.size() != 4) {
    refuse_node(node,
                "its input is " + to_string(shape) + "; expected [batch, channels, height, width]");
  }
  return shape;
}

void check_conv(const Graph& graph, const Node& node) {
  const Shape& in = map_shape(graph, node);
  const Shape& weights = *linear_constants(graph, node).weights->shape;
  window_of(graph, node);
  const std::int64_t groups = node.integer("group", 1);
  if (groups < 1 || in[1] % groups != 0 || weights[0] % groups != 0 ||
      weights[1] != in[1] / groups) {
    refuse_node(node, "weights " + to_string(weights) + " in " + std::to_string(groups) +
                          " groups do not fit " + std::to_string(in[1]) + " input channels");
  }
}

void check_gemm(const Graph& graph, const Node& node) {
  const Shape& in = input_shape(graph, node);
  const Shape& weights = *linear_constants(graph, node).weights->shape;
  const bool plain = node.real("alpha", 1.0f) == 1.0f && node.real("beta", 1.0f) == 1.0f &&
                     node.integer("transA", 0) == 0 && node.integer("transB", 0) == 1;
  if (!plain) refuse_node(node, "is not in the form x * w^T + bias");
  if (in.size() != 2 || weights.size() != 2 || in[1] != weights[1]) {
    refuse_node(node, "input " + to_string(in) + " and weights " + to_string(weights) +
                          " do not fit; expected [batch, in] and [out, in]");
  }
}

// Of one shape, or one of them a pixel of the other's channels.
void check_pair(const Graph& graph, const Node& node) {
  const Shape& a = input_shape(graph, node, 0);
  const Shape& b = input_shape(graph, node, 1);
  const auto fits = [](const Shape& whole, const Shape& part) {
    if (whole.size() != part.size() || whole.size() < 2 || whole.size() > 4) return false;
    const bool pixel =
        std::all_of(part.begin() + 2, part.end(), [](auto size) { return size == 1; });
    return whole[0] == part[0] && whole[1] == part[1] &&
           (pixel || std::equal(whole.begin() + 2, whole.end(), part.begin() + 2));
  };
  if (!fits(a, b) && !fits(b, a)) {
    refuse_node(node, "combines " + to_string(a) + " and " + to_string(b) +
                          "; expected two tensors of the same shape, or one of a pixel an image");
  }
}

void check_concat(const Graph& graph, const Node& node) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Shape& shape = input_shape(graph, node, i);
    const std::int64_t axis = normal_axis(node, node.integer("axis", 1), shape.size());
    if (axis != 1 || (shape.size() != 4 && shape.size() != 2)) {
      refuse_node(node, "joins " + to_string(shape) + " along axis " + std::to_string(axis) +
                            "; expected maps or vectors along axis 1, the channels");
    }
  }
}

void check_pool(const Graph& graph, const Node& node) {
  map_shape(graph, node);
  const Window window = window_of(graph, node);
  const bool dilated = window.dilation_h != 1 || window.dilation_w != 1;
  if (dilated && node.op == "AveragePool") {
    refuse_node(node, "averages a dilated window; expected dilations 1");
  }
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue) {
    refuse_node(node, "gives indices as a second output; expected one output");
  }
}

void check_global_pool(const Graph& graph, const Node& node) { map_shape(graph, node); }

void check_flatten(const Graph& graph, const Node& node) {
  const Shape& in = input_shape(graph, node);
  const Shape& out = known_shape(graph, node, node.outputs.at(0));
  std::int64_t elements = 1;
  for (std::size_t i = 1; i < in.size(); ++i) elements *= in[i];
  if ((in.size() != 4 && in.size() != 2) || out.size() != 2 || out[1] != elements) {
    refuse_node(node, "reshapes " + to_string(in) + " to " + to_string(out) +
                          "; expected [batch, all the rest]");
  }
}

void check_slice(const Graph& graph, const Node& node) {
  const Shape& in = input_shape(graph, node);
  if (in.size() != 4 && in.size() != 2) refuse_node(node, "cuts " + to_string(in));
  slices_of(graph, node);
}

void check_pad(const Graph& graph, const Node& node) {
  map_shape(graph, node);
  if (node.attributes.contains("value")) {
    refuse_node(node, "pads with a number that is not 0; expected 0");
  }
  const Padding padding = padding_of(graph, node);
  if (padding.before[0] + padding.after[0] != 0) refuse_node(node, "pads the batch");
}

void check_spread(const Graph& graph, const Node& node) {
  map_shape(graph, node);
  if (!is_spread(graph, node)) {
    refuse_node(node, "its weights are not constant, or it cuts more than its kernel reaches");
  }
}

void check_clamp(const Graph& graph, const Node& node) {
  input_shape(graph, node);
  clamp_of(node);
}

void check_identity(const Graph& graph, const Node& node) { input_shape(graph, node); }

void check_activation(const Graph& graph, const Node& node) {
  const ValueId source = source_of(graph, node);
  if (source == kNoValue) {
    refuse_node(node, "computes with several tensors at once; expected one and constants");
  }
  const Shape& shape = known_shape(graph, node, source);
  if (shape.size() < 2 || shape.size() > 4) {
    refuse_node(node, "its input is " + to_string(shape) + "; expected [batch, channels, ...]");
  }
}

void check_movement(const Graph& graph, const Node& node) {
  for (ValueId id : {source_of(graph, node), node.outputs.at(0)}) {
    if (id == kNoValue) refuse_node(node, "lacks its input");
    const Shape& shape = known_shape(graph, node, id);
    if (shape.size() < 2 || shape.size() > 4) {
      refuse_node(node, "moves " + to_string(shape) + "; expected two to four axes");
    }
  }
  if (node.attributes.contains("unmapped")) {
    refuse_node(
        node,
        "moves too many elements beside the other movements of the network; expected fewer than "
        "2^25 an image in all");
  }
  movement_map(graph, node);
}

constexpr IntegerOp kOps[] = {
    {"Conv", Role::kLinear, true, check_conv},
    {"Gemm", Role::kLinear, true, check_gemm},
    {"Add", Role::kCompute, false, check_pair},
    {"Sub", Role::kCompute, false, check_pair},
    {"Mul", Role::kCompute, false, check_pair},
    {"Concat", Role::kCompute, false, check_concat},
    {"AveragePool", Role::kCompute, true, check_pool},
    {"GlobalAveragePool", Role::kCompute, true, check_global_pool},
    {"Relu", Role::kCompute, false, check_clamp},
    {"Clip", Role::kCompute, false, check_clamp},
    {"MaxPool", Role::kPassThrough, false, check_pool},
    {"GlobalMaxPool", Role::kPassThrough, false, check_global_pool},
    {"Flatten", Role::kPassThrough, false, check_flatten},
    {"Reshape", Role::kPassThrough, false, check_flatten},
    {"Slice", Role::kPassThrough, false, check_slice},
    {"Pad", Role::kPassThrough, false, check_pad},
    {"ConvTranspose", Role::kPassThrough, false, check_spread},
    {"Identity", Role::kPassThrough, false, check_identity},
    {"activation", Role::kCompute, false, check_activation},
    {"movement", Role::kPassThrough, false, check_movement},
};

// Codes stand for reals: a bool or an integer of the network has none.
void require_float(const Graph& graph, const Node& node, ValueId id) {
  if (id == kNoValue || graph.value(id).dtype == DType::kFloat32) return;
  refuse_node(node, "computes with '" + graph.value(id).name + "', which is " +
                        dtype_name(graph.value(id).dtype) + "; expected float32");
}

// What to do about operators that networks often have and integers do not.
std::string remedy_for(const std::string& op) {
  if (op == "Softmax" || op == "LogSoftmax") {
    return "leave it out of the exported network: it does not change which class is largest";
  }
  if (op == "BatchNormalization") {
    return "place it directly after a convolution or a fully connected layer";
  }
  return "replace it in the network, or cut the network before it";
}

}  // namespace

std::span<const IntegerOp> integer_ops() { return kOps; }

const IntegerOp* find_integer_op(const Graph& graph, const Node& root) {
  const Form form = form_of(graph, root);
  const std::string name = form == Form::kActivation ? "activation"
                           : form == Form::kMovement ? "movement"
                                                     : root.op;
  for (const IntegerOp& known : kOps) {
    if (name == known.op) return &known;
  }
  return nullptr;
}

Refusal no_integer_form(const Graph& graph, const Node& node) {
  const Node& root = root_of(graph, node);
  const IntegerOp* op = find_integer_op(graph, root);
  if (op == nullptr) {
    return {"operator " + root.op + " has no integer form", remedy_for(root.op)};
  }
  try {
    for (ValueId id : data_inputs(graph, root)) require_float(graph, root, id);
    require_float(graph, root, root.outputs.at(0));
    op->check(graph, root);
  } catch (const Error& error) {
    // The caller names the node itself.
    const std::string prefix = "node '" + root.name + "' (" + root.op + "): ";
    const std::string message = error.what();
    return {message.starts_with(prefix) ? message.substr(prefix.size()) : message,
            remedy_for(root.op)};
  }
  return {};
}

bool runs_in_integers(const Graph& graph, const Node& node) {
  const Node& root = root_of(graph, node);
  if (no_integer_form(graph, root)) return false;
  const auto is_codes = [&](ValueId id) { return graph.value(id).quantizer != kNoQuantizer; };
  const std::vector<ValueId> inputs = data_inputs(graph, root);
  if (!std::all_of(inputs.begin(), inputs.end(), is_codes)) return false;
  const IntegerOp* op = find_integer_op(graph, root);
  if (op->role == Role::kLinear && !is_codes(root.inputs.at(1))) return false;
  return op->float_output || is_codes(root.outputs.at(0));
}

std::vector<ValueId> data_inputs(const Graph& graph, const Node& root) {
  if (form_of(graph, root) != Form::kOwn) return {source_of(graph, root)};
  const bool all = root.op == "Add" || root.op == "Sub" || root.op == "Mul" || root.op == "Concat";
  if (all || find_integer_op(graph, root) == nullptr) return root.inputs;
  return {root.inputs.begin(),
          root.inputs.begin() + std::min<std::ptrdiff_t>(1, std::ssize(root.inputs))};
}

bool keeps_order(const Graph& graph, const Node& node) {
  if (is_inner(node) || form_of(graph, node) != Form::kOwn) return false;
  if (node.op == "Identity") return true;
  if ((node.op != "Flatten" && node.op != "Reshape") || no_integer_form(graph, node)) return false;
  const Shape& in = *graph.value(node.inputs[0]).shape;
  return in.size() == 2 || in[1] == 1 || in[2] * in[3] == 1;
}

}  // namespace gradus
