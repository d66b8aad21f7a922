#include <algorithm>
#include <map>
#include <optional>
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

bool is_known(const Node& node, int opset) {
  const GraphOp* op = find_graph_op(node.op);
  return op != nullptr && opset >= op->since;
}

// One error for all of them, so that the user need not find them one by one.
void refuse_unknown_operators(const Graph& graph, int opset) {
  std::set<std::string> named;
  std::string list;
  for (const auto& node : graph.nodes) {
    if (is_known(node, opset) || !named.insert(node.op).second) continue;
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

// Trailing inputs that are left out, and outputs that nobody reads.
void trim(Node& node, const std::vector<bool>& used) {
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  const auto is_used = [&](ValueId id) { return id != kNoValue && used[index(id)]; };
  // The parts of a Split are counted by its outputs, used or not.
  while (node.op != "Split" && node.outputs.size() > 1 && !is_used(node.outputs.back())) {
    node.outputs.pop_back();
  }
}

// Returns whether all was well, where `errors` goes on.
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

class Normalizer {
 public:
  Normalizer(Graph& graph, const NormalizeOptions& options, ErrorSink& errors)
      : graph_(graph), options_(options), errors_(errors), budget_(graph) {}

  void run() {
    std::vector<Node> pending = std::move(graph_.nodes);
    for (const auto& node : pending) node_names_.insert(node.name);
    graph_.nodes.clear();
    for (auto& node : pending) process(std::move(node));
    finish();
  }

  NotNormalized run_what_can_be(const std::set<std::string>& unusable) {
    std::vector<Node> pending = std::move(graph_.nodes);
    for (const auto& node : pending) node_names_.insert(node.name);
    graph_.nodes.clear();
    for (auto& node : pending) {
      if (!try_node(node, unusable.contains(node.name))) leave_out(std::move(node));
    }
    close_gaps();
    finish();
    return std::move(not_normalized_);
  }

 private:
  void finish() {
    finish_outputs();
    absorb_affine(graph_);
    graph_.remove_dead();
    limit_filled();
  }

  enum class Shapes { kKnown, kGuessed, kUnknown };

  Shapes shapes_of_inputs(const Node& node) const {
    Shapes worst = Shapes::kKnown;
    for (ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      if (unknown_.contains(id)) return Shapes::kUnknown;
      if (guessed_.contains(id) || guessed_.contains(resolved(id))) worst = Shapes::kGuessed;
    }
    return worst;
  }

  // Whether the node is in the graph now; if not, errors_ knows why, or another node is at fault.
  bool try_node(const Node& node, bool told) {
    if (told) return false;
    if (!is_known(node, options_.opset)) {
      return errors_.attempt([&] {
        ops::refuse(node,
                    "is not an operator that gradus computes; replace it in the network, or cut it "
                    "before it");
      });
    }
    switch (shapes_of_inputs(node)) {
      case Shapes::kKnown: {
        std::optional<Error> error;
        const bool done = process_or_undo(node, error);
        if (error) errors_.tell(*error);
        return done;
      }
      case Shapes::kGuessed:
        return try_guessed(node);
      case Shapes::kUnknown:
        break;
    }
    errors_.attempt([&] {
      Node trimmed = node;
      trim(trimmed, used_);
      check_form(trimmed, *find_graph_op(node.op), errors_);
    });
    return false;
  }

  // What is wrong with an attribute whatever the shapes are is wrong with other guesses alike. With other
  // channels the weights may fit no more: that says nothing.
  bool try_guessed(const Node& node) {
    std::optional<Error> first;
    const std::size_t before = graph_.nodes.size();
    if (process_or_undo(node, first)) {
      guess_outputs(node, before);
      return true;
    }
    if (!first || !is_of_attribute(*first)) return false;
    const std::optional<Error> wider = error_if_stretched(node, 2);
    const std::optional<Error> deeper = error_if_stretched(node, 1);
    const auto same = [&](const Error& other) { return std::string(other.what()) == first->what(); };
    if (wider && same(*wider) && deeper && (same(*deeper) || !is_of_attribute(*deeper))) {
      errors_.tell(*first);
    }
    return false;
  }

  static bool is_of_attribute(const Error& error) {
    return std::string(error.what()).find("): attribute ") != std::string::npos;
  }

  // What is wrong with the node if the guessed shapes that it reads are larger from `axis` on.
  std::optional<Error> error_if_stretched(const Node& node, std::size_t axis) {
    const std::size_t before = graph_.nodes.size();
    const auto shapes = stretch_guesses(node, axis);
    std::optional<Error> error;
    if (process_or_undo(node, error)) undo(node, before);
    for (const auto& [id, shape] : shapes) graph_.value(id).shape = shape;
    return error;
  }

  bool process_or_undo(const Node& node, std::optional<Error>& error) {
    const std::size_t before = graph_.nodes.size();
    try {
      if (process(node)) return true;
    } catch (const Error& found) {
      error = found;
    }
    undo(node, before);
    return false;
  }

  // What the node has become goes again: nothing makes its outputs.
  void undo(const Node& node, std::size_t nodes_before) {
    graph_.nodes.resize(nodes_before);
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      computed_.erase(id);
      aliases_.erase(id);
      partial_.erase(id);
      graph_.value(id).constant.reset();
    }
  }

  // Makes what the node reads larger, where that is guessed; returns what it was.
  std::map<ValueId, Shape> stretch_guesses(const Node& node, std::size_t axis) {
    std::map<ValueId, Shape> shapes;
    for (ValueId id : node.inputs) {
      if (id == kNoValue || !guessed_.contains(resolved(id))) continue;
      Shape& shape = *graph_.value(resolved(id)).shape;
      if (!shapes.emplace(resolved(id), shape).second) continue;
      for (std::size_t i = axis; i < shape.size(); ++i) {
        if (shape[i] > 0 && shape[i] < 1 << 20) shape[i] *= 2;
      }
    }
    return shapes;
  }

  // `from`: the first of the nodes that it has become.
  void guess_outputs(const Node& node, std::size_t from) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue) guessed_.insert(id);
    }
    for (; from < graph_.nodes.size(); ++from) {
      not_normalized_.guessed.insert(graph_.nodes[from].name);
    }
  }

  // What the node would have made is taken to be like its first input.
  void leave_out(Node node) {
    const ValueId like = node.inputs.empty() || node.inputs[0] == kNoValue ||
                                 unknown_.contains(node.inputs[0])
                             ? kNoValue
                             : resolved(node.inputs[0]);
    const bool known = like != kNoValue && graph_.value(like).shape && !graph_.value(like).constant &&
                       graph_.value(like).dtype == DType::kFloat32;
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      if (known) {
        graph_.value(id).shape = graph_.value(like).shape;
        graph_.value(id).dtype = DType::kFloat32;
        guessed_.insert(id);
        gaps_.insert(id);
      } else {
        unknown_.insert(id);
      }
    }
    not_normalized_.left_out.push_back(std::move(node));
  }

  // What nodes that are left out would read leaves the graph; what they would make comes in.
  void close_gaps() {
    std::erase_if(graph_.outputs,
                  [&](ValueId id) { return unknown_.contains(id) || gaps_.contains(resolved(id)); });
    std::set<ValueId> known(graph_.outputs.begin(), graph_.outputs.end());
    for (const Node& node : not_normalized_.left_out) {
      for (ValueId id : node.inputs) {
        if (id == kNoValue || !computed_.contains(resolved(id))) continue;
        if (known.insert(resolved(id)).second) graph_.outputs.push_back(resolved(id));
      }
    }
    graph_.inputs.insert(graph_.inputs.end(), gaps_.begin(), gaps_.end());
  }

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
        errors_.attempt([&] { budget_.read(node, *constant); });
      }
    }
  }

  // Whether the node is well formed, where errors_ goes on.
  bool process(Node node) {
    for (ValueId& id : node.inputs) id = resolved(id);
    trim(node, used_);
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

  // What a value stands for once every Identity is gone.
  ValueId resolved(ValueId id) const {
    const auto found = aliases_.find(id);
    return found == aliases_.end() ? id : found->second;
  }

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
  ErrorSink& errors_;
  FoldingBudget budget_;
  std::vector<bool> used_ = used_values(graph_);
  std::unordered_set<std::string> names_ = value_names(graph_);
  std::unordered_set<std::string> node_names_;
  std::unordered_map<ValueId, Tensor> partial_;
  std::unordered_map<ValueId, ValueId> aliases_;
  std::unordered_map<ValueId, std::string> identity_names_;
  std::set<ValueId> computed_;
  std::set<ValueId> unknown_;  // by nodes that were left out: not even a guess
  std::set<ValueId> guessed_;  // by them, or by nodes that depend on them
  std::set<ValueId> gaps_;     // by them, with a guessed shape
  NotNormalized not_normalized_;
};

}  // namespace

void normalize(Graph& graph, const NormalizeOptions& options) {
  refuse_unknown_operators(graph, options.opset);
  graph.sort();
  ErrorSink errors;
  Normalizer(graph, options, errors).run();
  graph.verify();
}

NotNormalized normalize_what_can_be(Graph& graph, const NormalizeOptions& options,
                                    const std::set<std::string>& unusable, ErrorSink& errors) {
  graph.sort();
  NotNormalized rest = Normalizer(graph, options, errors).run_what_can_be(unusable);
  graph.verify();
  return rest;
}

}  // namespace gradus
