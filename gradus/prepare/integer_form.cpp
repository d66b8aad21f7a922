#include "gradus/prepare/integer_form.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/graph/fused.h"
#include "gradus/prepare/attributes.h"

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

void check_add(const Graph& graph, const Node& node) {
  const Shape& a = input_shape(graph, node, 0);
  const Shape& b = input_shape(graph, node, 1);
  const bool same =
      a.size() == b.size() && !a.empty() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
  if (!same) {
    refuse_node(node, "adds " + to_string(a) + " and " + to_string(b) +
                          "; expected two tensors of the same shape");
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
  if (window.dilation_h != 1 || window.dilation_w != 1) {
    refuse_node(node, "its window is dilated; expected dilations 1");
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
  const Padding padding = padding_of(graph, node);
  if (padding.before[0] + padding.after[0] != 0) refuse_node(node, "pads the batch");
}

void check_clamp(const Graph& graph, const Node& node) {
  input_shape(graph, node);
  clamp_of(node);
}

void check_identity(const Graph& graph, const Node& node) { input_shape(graph, node); }

constexpr IntegerOp kOps[] = {
    {"Conv", Role::kLinear, true, check_conv},
    {"Gemm", Role::kLinear, true, check_gemm},
    {"Add", Role::kCompute, false, check_add},
    {"Concat", Role::kCompute, false, check_concat},
    {"AveragePool", Role::kCompute, true, check_pool},
    {"GlobalAveragePool", Role::kCompute, true, check_global_pool},
    {"Relu", Role::kCompute, false, check_clamp},
    {"Clip", Role::kCompute, false, check_clamp},
    {"MaxPool", Role::kPassThrough, false, check_pool},
    {"Flatten", Role::kPassThrough, false, check_flatten},
    {"Reshape", Role::kPassThrough, false, check_flatten},
    {"Slice", Role::kPassThrough, false, check_slice},
    {"Pad", Role::kPassThrough, false, check_pad},
    {"Identity", Role::kPassThrough, false, check_identity},
};

// What to do about operators that networks often have and integers do not.
std::string remedy_for(const std::string& op) {
  if (op == "Softmax" || op == "LogSoftmax") {
    return "leave it out of the exported network: it does not change which class is largest";
  }
  if (op == "BatchNormalization") {
    return "place it directly after a convolution or a fully connected layer";
  }
  if (op == "Sigmoid" || op == "HardSigmoid" || op == "HardSwish" || op == "Mul") {
    return "train the network with Relu or Clip in its place";
  }
  return "replace it in the network, or cut the network before it";
}

}  // namespace

std::span<const IntegerOp> integer_ops() { return kOps; }

const IntegerOp* find_integer_op(const std::string& op) {
  for (const IntegerOp& known : kOps) {
    if (op == known.op) return &known;
  }
  return nullptr;
}

Refusal no_integer_form(const Graph& graph, const Node& node) {
  const IntegerOp* op = find_integer_op(node.op);
  if (op == nullptr) {
    return {"operator " + node.op + " has no integer form", remedy_for(node.op)};
  }
  try {
    op->check(graph, node);
  } catch (const Error& error) {
    // The caller names the node itself.
    const std::string prefix = "node '" + node.name + "' (" + node.op + "): ";
    const std::string message = error.what();
    return {message.starts_with(prefix) ? message.substr(prefix.size()) : message,
            remedy_for(node.op)};
  }
  return {};
}

std::vector<ValueId> data_inputs(const Node& node) {
  if (node.op == "Add" || node.op == "Concat") return node.inputs;
  const IntegerOp* op = find_integer_op(node.op);
  if (op == nullptr) return node.inputs;
  return {node.inputs.begin(),
          node.inputs.begin() + std::min<std::ptrdiff_t>(1, std::ssize(node.inputs))};
}

bool keeps_order(const Graph& graph, const Node& node) {
  if (node.op == "Identity") return true;
  if ((node.op != "Flatten" && node.op != "Reshape") || no_integer_form(graph, node)) return false;
  const Shape& in = *graph.value(node.inputs[0]).shape;
  return in.size() == 2 || in[1] == 1 || in[2] * in[3] == 1;
}

}  // namespace gradus
