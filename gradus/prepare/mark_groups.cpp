// Which nodes become a group: functions of one tensor that follow each other, and movements whose
// results in between are no maps of their own.
#include <algorithm>
#include <iterator>
#include <set>

#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

class Grower {
 public:
  Grower(Graph& graph, std::size_t root) : graph_(graph), inside_{root} {}

  // Nodes before the root for as long as they are functions; of these sets the largest that reads
  // one tensor.
  void grow_activation() {
    std::set<std::size_t> largest;
    while (true) {
      const std::set<ValueId> sources = outside_inputs();
      if (sources.size() == 1) largest = inside_;
      std::int64_t latest = -1;
      for (ValueId id : sources) latest = std::max(latest, graph_.producer(id));
      if (latest < 0) break;
      const Node& node = graph_.nodes[static_cast<std::size_t>(latest)];
      if (!is_pointwise(graph_, node) || !only_read_inside(node)) break;
      inside_.insert(static_cast<std::size_t>(latest));
    }
    inside_ = largest;
    if (!inside_.empty()) mark();
  }

  // Movements before the root until what they read is a map.
  void grow_movement() {
    while (true) {
      const std::set<ValueId> sources = outside_inputs();
      if (sources.size() != 1) return;
      const auto& shape = graph_.value(*sources.begin()).shape;
      if (!shape) return;
      if (shape->size() >= 2 && shape->size() <= 4 && shape->at(0) == -1) return mark();
      const std::int64_t before = graph_.producer(*sources.begin());
      if (before < 0) return;
      const Node& node = graph_.nodes[static_cast<std::size_t>(before)];
      if (!is_movement(node) || !only_read_inside(node)) return;
      inside_.insert(static_cast<std::size_t>(before));
    }
  }

 private:
  std::set<ValueId> outside_inputs() const {
    std::set<ValueId> found;
    for (std::size_t i : inside_) {
      for (ValueId id : graph_.nodes[i].inputs) {
        if (id == kNoValue || graph_.value(id).constant) continue;
        const std::int64_t producer = graph_.producer(id);
        if (producer < 0 || !inside_.contains(static_cast<std::size_t>(producer))) found.insert(id);
      }
    }
    return found;
  }

  bool only_read_inside(const Node& node) const {
    const ValueId out = node.outputs.at(0);
    if (graph_.is_output(out) || graph_.value(out).quantizer != kNoQuantizer) return false;
    const auto readers = graph_.consumers(out);
    return std::all_of(readers.begin(), readers.end(),
                       [&](std::size_t reader) { return inside_.contains(reader); });
  }

  void mark() {
    for (auto i = inside_.begin(); i != std::prev(inside_.end()); ++i) {
      graph_.nodes[*i].attributes["inner"] = std::int64_t{1};
    }
  }

  Graph& graph_;
  std::set<std::size_t> inside_;  // the root is the last
};

}  // namespace

void mark_groups(Graph& graph) {
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (is_inner(graph.nodes[i])) continue;
    if (is_pointwise(graph, graph.nodes[i])) Grower(graph, i).grow_activation();
    if (is_movement(graph.nodes[i])) Grower(graph, i).grow_movement();
  }
}

}  // namespace gradus
