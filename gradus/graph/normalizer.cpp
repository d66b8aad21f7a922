#include "gradus/graph/normalizer.h"

#include <algorithm>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/graph/absorb_affine.h"
#include "gradus/graph/moved_quantizer.h"
#include "gradus/graph/ops/support.h"
#include "gradus/graph/shape_inference.h"

namespace gradus {
namespace {

std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

}  // namespace

bool is_known_operator(const Node& node, int opset) {
  const GraphOp* op = find_graph_op(node.op);
  return op != nullptr && opset >= op->since;
}

void trim_node(Node& node, const std::vector<bool>& used) {
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  const auto is_used = [&](ValueId id) { return id != kNoValue && used[index(id)]; };
  // The parts of a Split are counted by its outputs, used or not.
  while (node.op != "Split" && node.outputs.size() > 1 && !is_used(node.outputs.back())) {
    node.outputs.pop_back();
  }
}

bool check_form(const Node& node, const GraphOp& op, ErrorSink& errors) {
  if (node.inputs.size() < op.min_inputs || node.inputs.size() > op.max_inputs) {
    ops::invalid(node, "has " + std::to_string(node.inputs.size()) + " inputs; expected " +
                           std::to_string(op.min_inputs) +
                           (op.max_inputs > 100             ? " or more"
                            : op.max_inputs > op.min_inputs ? " to " + std::to_string(op.max_inputs)
                                                            : ""));
  }
  for (std::size_t i = 0; i < op.min_inputs; ++i) {
    if (node.inputs[i] == kNoValue) {
      ops::invalid(node, "input " + std::to_string(i) + " is left out; expected a value");
    }
  }
  if (node.outputs.empty() || node.outputs[0] == kNoValue) {
    ops::invalid(node, "has no output; expected one");
  }
  bool good = true;
  for (const auto& [key, attribute] : node.attributes) {
    if (std::find(op.attributes.begin(), op.attributes.end(), key) != op.attributes.end()) continue;
    good = errors.attempt([&, &name = key] {
      ops::refuse(node, "attribute " + name + " is not one that gradus computes");
    });
  }
  return good;
}

std::vector<Node> Normalizer::take_nodes() {
  std::vector<Node> pending = std::move(graph_.nodes);
  for (const auto& node : pending) node_names_.insert(node.name);
  graph_.nodes.clear();
  return pending;
}

void Normalizer::run() {
  for (auto& node : take_nodes()) process(std::move(node));
  finish();
}

bool Normalizer::process(Node node) {
  for (ValueId& id : node.inputs) id = resolved(id);
  trim_node(node, used_);
  const GraphOp& op = *find_graph_op(node.op);
  if (!check_form(node, op, errors_)) return false;
  const auto add = [this](const Node& user, Value value) {
    return add_value(user, std::move(value));
  };
  const auto emit = [this](const Node& user, Node extra) { return emit_node(user, extra); };
  NormalizeContext context{graph_, options_.opset, options_.fixed_batch, partial_, add, emit, {},
                           {}};
  if (op.normalize != nullptr) op.normalize(context, node);
  if (context.result) {
    know(node.outputs[0], std::move(*context.result));
    return true;
  }
  place(std::move(node));
  for (auto& follower : context.after) place(std::move(follower));
  return true;
}

ValueId Normalizer::add_value(const Node& user, Value value) {
  if (value.constant) budget_.keep(user, *value.constant);
  // The node's name is unique, so few suffixes are tried however often a constant is shared.
  if (names_.contains(value.name)) value.name += "_" + user.name;
  const std::string base = value.name;
  for (int suffix = 1; !names_.insert(value.name).second; ++suffix) {
    value.name = base + "_" + std::to_string(suffix);
  }
  graph_.values.push_back(std::move(value));
  return static_cast<ValueId>(graph_.values.size() - 1);
}

ValueId Normalizer::emit_node(const Node& user, Node extra) {
  const std::string base = user.name + "_" + extra.op;
  extra.name = base;
  for (int copy = 1; !node_names_.insert(extra.name).second; ++copy) {
    extra.name = base + "_" + std::to_string(copy);
  }
  Value out;
  out.name = extra.name;
  const ValueId id = add_value(user, std::move(out));
  extra.outputs = {id};
  place(std::move(extra));
  return resolved(id);
}

void Normalizer::place(Node node) {
  // Its indices are looked at one by one.
  if (node.op == "Gather" && graph_.value(node.inputs[1]).constant) {
    budget_.read(node, *graph_.value(node.inputs[1]).constant);
  }
  std::vector<TensorType> types = infer_node(graph_, node);
  if (auto folded = fold(graph_, node, types, partial_, budget_)) {
    const QuantizerId quantizer = moved_quantizer(graph_, node, types.at(0).shape);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) know(node.outputs[i], std::move((*folded)[i]));
    }
    if (quantizer != kNoQuantizer) graph_.value(node.outputs[0]).quantizer = quantizer;
    return;
  }
  for (ValueId id : node.inputs) {
    if (!partial_.contains(id)) continue;
    ops::refuse(node, "computes with the size of the batch ('" + graph_.value(id).name +
                          "'); expected it only to reshape");
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    graph_.value(node.outputs[i]).dtype = types[i].dtype;
    graph_.value(node.outputs[i]).shape = types[i].shape;
  }
  if (node.op == "Identity") {
    aliases_.emplace(node.outputs[0], node.inputs[0]);
    identity_names_.emplace(node.outputs[0], node.name);
    return;
  }
  for (ValueId id : node.outputs) computed_.insert(id);
  graph_.nodes.push_back(std::move(node));
}

void Normalizer::know(ValueId id, Tensor tensor) {
  Value& value = graph_.value(id);
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  if (holds_batch_size(tensor)) {
    partial_.emplace(id, std::move(tensor));
  } else {
    value.constant = std::move(tensor);
  }
}

void Normalizer::finish() {
  finish_outputs();
  absorb_affine(graph_);
  graph_.remove_dead();
  limit_filled();
}

void Normalizer::finish_outputs() {
  std::erase_if(graph_.outputs, [&](ValueId id) {
    return partial_.contains(resolved(id)) && !errors_.attempt([&] {
      throw Error(ErrorCode::kUnsupported, "graph output '" + graph_.value(id).name +
                                               "' is the size of the batch; expected a tensor");
    });
  });
  std::set<ValueId> taken(graph_.outputs.begin(), graph_.outputs.end());
  for (ValueId& id : graph_.outputs) {
    const ValueId source = resolved(id);
    if (source == id) continue;
    if (computed_.contains(source) && taken.insert(source).second) {
      std::swap(graph_.value(source).name, graph_.value(id).name);
      id = source;
    } else {
      graph_.nodes.push_back({identity_names_.at(id), "Identity", {source}, {id}, {}});
    }
  }
}

void Normalizer::limit_filled() {
  std::vector<bool> seen(graph_.values.size(), false);
  for (const auto& node : graph_.nodes) {
    const bool layer = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm";
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue || (layer && i == 1)) continue;
      const auto& constant = graph_.value(node.inputs[i]).constant;
      if (!constant || !constant->is_filled() || seen[index(node.inputs[i])]) continue;
      seen[index(node.inputs[i])] = true;
      errors_.attempt([&] { budget_.read(node, *constant); });
    }
  }
}

ValueId Normalizer::resolved(ValueId id) const {
  const auto found = aliases_.find(id);
  return found == aliases_.end() ? id : found->second;
}

std::vector<bool> Normalizer::used_values(const Graph& graph) {
  std::vector<bool> used(graph.values.size(), false);
  for (ValueId id : graph.outputs) used[index(id)] = true;
  for (const auto& node : graph.nodes) {
    for (ValueId id : node.inputs) {
      if (id != kNoValue) used[index(id)] = true;
    }
  }
  return used;
}

std::unordered_set<std::string> Normalizer::value_names(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (const auto& value : graph.values) names.insert(value.name);
  return names;
}

}  // namespace gradus
