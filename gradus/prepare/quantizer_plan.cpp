#include "gradus/prepare/quantizer_plan.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"

namespace gradus {
namespace {

std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

class Planner {
 public:
  Planner(const Graph& graph, const std::vector<NodeSettings>& settings)
      : graph_(graph),
        settings_(settings),
        parent_(graph.values.size()),
        codes_(graph.values.size(), false),
        sharing_(graph.values.size()),
        readers_(graph.values.size()) {
    std::iota(parent_.begin(), parent_.end(), 0);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      ops_.push_back(is_integer(i) ? find_integer_op(graph, node) : nullptr);
      const std::size_t reader = index_of(root_of(graph, node));
      for (ValueId id : node.inputs) {
        if (id != kNoValue) readers_[index(id)].push_back(reader);
      }
    }
  }

  std::vector<QuantizerGroup> plan() {
    find_codes();
    join_pass_through();
    join_concats();
    std::map<std::size_t, std::vector<ValueId>> groups;
    for (std::size_t id = 0; id < codes_.size(); ++id) {
      if (codes_[id]) groups[root(id)].push_back(static_cast<ValueId>(id));
    }
    std::vector<QuantizerGroup> result;
    for (auto& [unused, members] : groups) {
      QuantizerGroup group{std::move(members), {}};
      group.settings = settings_of(group.members);
      result.push_back(std::move(group));
    }
    std::sort(result.begin(), result.end(),
              [](const auto& a, const auto& b) { return a.members[0] < b.members[0]; });
    return result;
  }

 private:
  std::size_t index_of(const Node& node) const {
    return static_cast<std::size_t>(&node - graph_.nodes.data());
  }

  // Whether node `i` is the root of a group that integers compute.
  bool is_integer(std::size_t i) const {
    if (is_inner(graph_.nodes[i]) || settings_[i].activations.is_float()) return false;
    for (const Node* node : group_of(graph_, graph_.nodes[i])) {
      if (settings_[index_of(*node)].ignored) return false;
    }
    return !no_integer_form(graph_, graph_.nodes[i]);
  }

  bool passes_through(std::size_t node) const {
    return ops_[node] != nullptr && ops_[node]->role == Role::kPassThrough;
  }

  void find_codes() {
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      if (ops_[i] == nullptr) continue;
      const Node& node = graph_.nodes[i];
      const std::size_t output = index(node.outputs[0]);
      if (passes_through(i)) {
        // A float that only changes its shape on the way out needs no codes.
        if (!codes_[output] && keeps_order(graph_, node)) continue;
        codes_[output] = true;
      } else if (!ops_[i]->float_output) {
        codes_[output] = true;
      }
      for (ValueId id : data_inputs(graph_, node)) codes_[index(id)] = true;
    }
  }

  // Halves the way for those that ask later.
  std::size_t root(std::size_t id) const {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }
  void join(std::size_t a, std::size_t b) {
    const std::size_t low = std::min(root(a), root(b));
    const std::size_t high = std::max(root(a), root(b));
    if (low == high) return;
    parent_[high] = low;
  }

  void join_pass_through() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!passes_through(i) || !codes_[index(graph_.nodes[i].outputs[0])]) continue;
      const ValueId input = data_inputs(graph_, graph_.nodes[i])[0];
      join(index(input), index(graph_.nodes[i].outputs[0]));
    }
  }

  // Whether a reader of the group moves its codes within the group and computes nothing with them.
  bool only_copies(std::size_t reader, std::size_t group) const {
    if (passes_through(reader)) return true;
    const std::size_t output = index(graph_.nodes[reader].outputs[0]);
    return ops_[reader] != nullptr && graph_.nodes[reader].op == "Concat" && root(output) == group;
  }

  // Who else than Concats and movements within the group has to do with its codes.
  struct Sharing {
    bool others = false;  // an output or input of the network is in it, or several nodes read it
    std::int64_t reader = -1;  // the one node that reads it
    void add(std::int64_t node) {
      others = others || (reader >= 0 && node >= 0 && node != reader);
      reader = std::max(reader, node);
    }
  };

  void find_sharing() {
    for (ValueId id : graph_.outputs) sharing_[root(index(id))].others = true;
    for (std::size_t id = 0; id < codes_.size(); ++id) {
      if (!codes_[id]) continue;
      Sharing& sharing = sharing_[root(id)];
      if (graph_.producer(static_cast<ValueId>(id)) < 0) sharing.others = true;
      for (std::size_t reader : readers_[id]) {
        if (!passes_through(reader)) sharing.add(static_cast<std::int64_t>(reader));
      }
    }
  }

  // An input whose group was made for this Concat alone shares the quantizer of its output.
  void join_concats() {
    find_sharing();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (ops_[i] == nullptr || graph_.nodes[i].op != "Concat") continue;
      const auto concat = static_cast<std::int64_t>(i);
      for (ValueId id : graph_.nodes[i].inputs) {
        Sharing inside = sharing_[root(index(id))];
        if (inside.others || (inside.reader >= 0 && inside.reader != concat)) continue;
        inside.reader = -1;  // reads its own group from now on
        Sharing joined = sharing_[root(index(graph_.nodes[i].outputs[0]))];
        join(index(id), index(graph_.nodes[i].outputs[0]));
        joined.others = joined.others || inside.others;
        if (joined.reader == concat) joined.reader = -1;
        sharing_[root(index(id))] = joined;
      }
    }
  }

  // Nodes that compute with the group.
  std::vector<std::size_t> computing_readers(const std::vector<ValueId>& members) const {
    std::vector<std::size_t> found;
    for (ValueId id : members) {
      for (std::size_t reader : readers_[index(id)]) {
        if (ops_[reader] != nullptr && !only_copies(reader, root(index(id)))) {
          found.push_back(reader);
        }
      }
    }
    return found;
  }

  TensorSettings settings_of(const std::vector<ValueId>& members) const {
    const auto readers = computing_readers(members);
    const TensorSettings* best = nullptr;
    const auto consider = [&](std::size_t node) {
      const TensorSettings& candidate = settings_[node].activations;
      if (best == nullptr || candidate.bits > best->bits) best = &candidate;
    };
    for (std::size_t reader : readers) {
      if (ops_[reader]->role == Role::kLinear) consider(reader);
    }
    if (best == nullptr) std::for_each(readers.begin(), readers.end(), consider);
    if (best == nullptr) {
      for (ValueId id : members) {
        if (const std::int64_t node = graph_.producer(id); node >= 0) {
          if (ops_[static_cast<std::size_t>(node)] != nullptr) {
            consider(static_cast<std::size_t>(node));
          }
        }
      }
    }
    return best != nullptr ? *best : TensorSettings{};
  }

  const Graph& graph_;
  const std::vector<NodeSettings>& settings_;
  std::vector<const IntegerOp*> ops_;        // of each node; null where it stays float
  mutable std::vector<std::size_t> parent_;  // of each value: the group it belongs to
  std::vector<bool> codes_;                  // of each value
  std::vector<Sharing> sharing_;             // of each value that is the root of its group
  std::vector<std::vector<std::size_t>> readers_;
};

}  // namespace

std::vector<QuantizerGroup> plan_quantizers(const Graph& graph,
                                            const std::vector<NodeSettings>& settings) {
  return Planner(graph, settings).plan();
}

}  // namespace gradus
