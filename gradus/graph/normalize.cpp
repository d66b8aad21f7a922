#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/graph/absorb_affine.h"
#include "gradus/graph/constant_folding.h"
#include "gradus/graph/moved_quantizer.h"
#include "gradus/graph/normal_form.h"
#include "gradus/graph/ops/support.h"
#include "gradus/graph/shape_inference.h"

namespace gradus {
namespace {

std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

// One error for all of them, so that the user need not find them one by one.
void refuse_unknown_operators(const Graph& graph, int opset) {
  std::set<std::string> named;
  std::string list;
  for (const auto& node : graph.nodes) {
    const GraphOp* op = find_graph_op(node.op);
    if ((op != nullptr && opset >= op->since) || !named.insert(node.op).second) continue;
    if (named.size() > 20) continue;
    list += (list.empty() ? "" : ", ") + node.op + " (node '" + node.name + "')";
  }
  if (named.size() > 20) list += " and " + std::to_string(named.size() - 20) + " more";
  if (!named.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "operators that gradus does not compute: " + list +
                    "; replace them in the network, or cut it before them");
  }
}

void check_form(const Node& node, const GraphOp& op) {
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
  for (const auto& [key, attribute] : node.attributes) {
    if (std::find(op.attributes.begin(), op.attributes.end(), key) == op.attributes.end()) {
      ops::refuse(node, "attribute " + key + " is not one that gradus computes");
    }
  }
}

class Normalizer {
 public:
  Normalizer(Graph& graph, const NormalizeOptions& options)
      : graph_(graph), options_(options), budget_(graph) {}

  void run() {
    std::vector<Node> pending = std::move(graph_.nodes);
    for (const auto& node : pending) node_names_.insert(node.name);
    graph_.nodes.clear();
    for (auto& node : pending) process(std::move(node));
    finish_outputs();
    absorb_affine(graph_);
    graph_.remove_dead();
    limit_filled();
  }

 private:
  // A constant of one number throughout is as large as it likes as the weights of a layer, which only a
  // command that runs the network looks at. Elsewhere its elements are looked at sooner.
  void limit_filled() {
    std::vector<bool> seen(graph_.values.size(), false);
    for (const auto& node : graph_.nodes) {
      const bool layer = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm";
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i] == kNoValue || (layer && i == 1)) continue;
        const auto& constant = graph_.value(node.inputs[i]).constant;
        if (!constant || !constant->is_filled() || seen[index(node.inputs[i])]) continue;
        seen[index(node.inputs[i])] = true;
        budget_.read(node, *constant);
      }
    }
  }

  void process(Node node) {
    for (ValueId& id : node.inputs) id = resolved(id);
    while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
    // The parts of a Split are counted by its outputs, used or not.
    while (node.op != "Split" && node.outputs.size() > 1 && !is_used(node.outputs.back())) {
      node.outputs.pop_back();
    }
    const GraphOp& op = *find_graph_op(node.op);
    check_form(node, op);
    const auto add = [this](const Node& user, Value value) {
      return add_value(user, std::move(value));
    };
    const auto emit = [this](const Node& user, Node extra) { return emit_node(user, extra); };
    NormalizeContext context{graph_, options_.opset, options_.fixed_batch, partial_, add, emit, {},
                             {}};
    if (op.normalize != nullptr) op.normalize(context, node);
    if (context.result) {
      know(node.outputs[0], std::move(*context.result));
      return;
    }
    place(std::move(node));
    for (auto& follower : context.after) place(std::move(follower));
  }

  ValueId add_value(const Node& user, Value value) {
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

  ValueId emit_node(const Node& user, Node extra) {
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

  // Adds a node in normal form, or what it computes.
  void place(Node node) {
    std::vector<TensorType> types = infer_node(graph_, node);
    if (auto folded = fold(graph_, node, types, partial_, budget_)) {
      const QuantizerId quantizer = moved_quantizer(graph_, node, types.at(0).shape);
      for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] != kNoValue) know(node.outputs[i], std::move((*folded)[i]));
      }
      if (quantizer != kNoQuantizer) graph_.value(node.outputs[0]).quantizer = quantizer;
      return;
    }
    if (node.op == "Gather") budget_.read(node, *graph_.value(node.inputs[1]).constant);
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

  void know(ValueId id, Tensor tensor) {
    Value& value = graph_.value(id);
    value.dtype = tensor.dtype();
    value.shape = tensor.shape();
    if (holds_batch_size(tensor)) {
      partial_.emplace(id, std::move(tensor));
    } else {
      value.constant = std::move(tensor);
    }
  }

  // A graph output that an Identity made takes the name of that output over to what it stood for.
  // Where that is impossible the Identity stays.
  void finish_outputs() {
    std::set<ValueId> taken(graph_.outputs.begin(), graph_.outputs.end());
    for (ValueId& id : graph_.outputs) {
      const ValueId source = resolved(id);
      if (partial_.contains(source)) {
        throw Error(ErrorCode::kUnsupported, "graph output '" + graph_.value(id).name +
                                                 "' is the size of the batch; expected a tensor");
      }
      if (source == id) continue;
      if (computed_.contains(source) && taken.insert(source).second) {
        std::swap(graph_.value(source).name, graph_.value(id).name);
        id = source;
      } else {
        graph_.nodes.push_back({identity_names_.at(id), "Identity", {source}, {id}, {}});
      }
    }
  }

  // What a value stands for once every Identity is gone.
  ValueId resolved(ValueId id) const {
    const auto found = aliases_.find(id);
    return found == aliases_.end() ? id : found->second;
  }

  bool is_used(ValueId id) const { return id != kNoValue && used_[index(id)]; }

  static std::vector<bool> used_values(const Graph& graph) {
    std::vector<bool> used(graph.values.size(), false);
    for (ValueId id : graph.outputs) used[index(id)] = true;
    for (const auto& node : graph.nodes) {
      for (ValueId id : node.inputs) {
        if (id != kNoValue) used[index(id)] = true;
      }
    }
    return used;
  }

  static std::unordered_set<std::string> value_names(const Graph& graph) {
    std::unordered_set<std::string> names;
    for (const auto& value : graph.values) names.insert(value.name);
    return names;
  }

  Graph& graph_;
  NormalizeOptions options_;
  FoldingBudget budget_;
  std::vector<bool> used_ = used_values(graph_);
  std::unordered_set<std::string> names_ = value_names(graph_);
  std::unordered_set<std::string> node_names_;
  std::unordered_map<ValueId, Tensor> partial_;
  std::unordered_map<ValueId, ValueId> aliases_;
  std::unordered_map<ValueId, std::string> identity_names_;
  std::set<ValueId> computed_;
};

}  // namespace

void normalize(Graph& graph, const NormalizeOptions& options) {
  refuse_unknown_operators(graph, options.opset);
  graph.sort();
  Normalizer(graph, options).run();
  graph.verify();
}

}  // namespace gradus
