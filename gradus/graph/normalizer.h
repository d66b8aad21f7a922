// How a graph is brought into normal form, node by node: what normalize() and
// normalize_what_can_be() share.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gradus/base/error_sink.h"
#include "gradus/graph/constant_folding.h"
#include "gradus/graph/normal_form.h"
#include "gradus/graph/op.h"

namespace gradus {

// Whether gradus knows what the operator means in this opset.
bool is_known_operator(const Node& node, int opset);
// Drops trailing inputs that are left out, and outputs that nobody reads (`used`, of each value).
void trim_node(Node& node, const std::vector<bool>& used);
// The numbers of inputs and outputs and the names of attributes. Returns whether all was well,
// where `errors` goes on; throws Error for what cannot be looked past.
bool check_form(const Node& node, const GraphOp& op, ErrorSink& errors);

// Takes the nodes out of a sorted graph and gives them back in normal form.
class Normalizer {
 public:
  Normalizer(Graph& graph, const NormalizeOptions& options, ErrorSink& errors)
      : graph_(graph), options_(options), errors_(errors), budget_(graph) {}
  void run();

 protected:
  // The nodes that there are to do; the graph has none then.
  std::vector<Node> take_nodes();
  // Whether the node is well formed, where errors_ goes on.
  bool process(Node node);
  ValueId add_value(const Node& user, Value value);
  ValueId emit_node(const Node& user, Node extra);
  // Adds a node in normal form, or what it computes.
  void place(Node node);
  void know(ValueId id, Tensor tensor);
  void finish();
  // A graph output that an Identity made takes the name of that output over to what it stood for.
  // Where that is impossible the Identity stays.
  void finish_outputs();
  // A constant of one number throughout is as large as it likes as the weights of a layer, which
  // only a command that runs the network looks at. Elsewhere its elements are looked at sooner.
  void limit_filled();
  // What a value stands for once every Identity is gone.
  ValueId resolved(ValueId id) const;
  static std::vector<bool> used_values(const Graph& graph);
  static std::unordered_set<std::string> value_names(const Graph& graph);

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
};

}  // namespace gradus
