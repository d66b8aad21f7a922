// Which nodes become a group: functions of one tensor that follow each other, and movements whose
// results in between are no maps of their own.
#include <algorithm>
#include <set>
#include <vector>

#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

// A group of more nodes than people write is not looked for: a file may hold a chain of any length.
constexpr std::size_t kMostNodes = 64;

// The nodes that read each value.
using Readers = std::vector<std::vector<std::size_t>>;

Readers readers_of(const Graph& graph) {
  Readers readers(graph.values.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (ValueId id : graph.nodes[i].inputs) {
      if (id != kNoValue) readers[static_cast<std::size_t>(id)].push_back(i);
    }
  }
  return readers;
}

// Grows a group from its root towards the inputs, always by the latest node that it reads.
class Grower {
 public:
  Grower(Graph& graph, const Readers& readers, std::size_t root)
      : graph_(graph), readers_(readers) {
    take(root);
  }

  // Nodes before the root for as long as they are functions; of these sets the largest that reads
  // one tensor.
  void grow_activation() {
    std::size_t largest = 0;
    while (true) {
      if (reads_one_real()) largest = inside_.size();
      std::int64_t latest = -1;
      for (ValueId id : sources_) latest = std::max(latest, graph_.producer(id));
      if (latest < 0 || !may_take(latest)) break;
      if (!is_pointwise(graph_, graph_.nodes[static_cast<std::size_t>(latest)])) break;
      take(static_cast<std::size_t>(latest));
    }
    mark(largest);
  }

  // Movements before the root until what they read is a map.
  void grow_movement() {
    while (sources_.size() == 1) {
      const auto& shape = graph_.value(*sources_.begin()).shape;
      if (!shape) return;
      if (shape->size() >= 2 && shape->size() <= 4 && shape->at(0) == -1)
        return mark(inside_.size());
      const std::int64_t before = graph_.producer(*sources_.begin());
      if (before < 0 || !may_take(before)) return;
      if (!is_movement(graph_.nodes[static_cast<std::size_t>(before)])) return;
      take(static_cast<std::size_t>(before));
    }
  }

 private:
  bool reads_one_real() const {
    return sources_.size() == 1 && graph_.value(*sources_.begin()).dtype == DType::kFloat32;
  }

  // What it makes is read by the group alone.
  bool may_take(std::int64_t index) const {
    const ValueId out = graph_.nodes[static_cast<std::size_t>(index)].outputs.at(0);
    if (inside_.size() >= kMostNodes || graph_.is_output(out)) return false;
    if (graph_.value(out).quantizer != kNoQuantizer) return false;
    const auto& readers = readers_[static_cast<std::size_t>(out)];
    return std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
      return std::find(inside_.begin(), inside_.end(), reader) != inside_.end();
    });
  }

  // Its inputs lie before everything inside, so none of them is made there.
  void take(std::size_t index) {
    inside_.push_back(index);
    for (ValueId id : graph_.nodes[index].outputs) sources_.erase(id);
    for (ValueId id : graph_.nodes[index].inputs) {
      if (id != kNoValue && !graph_.value(id).constant) sources_.insert(id);
    }
  }

  // The first `count` that were taken are the group, the root being the first.
  void mark(std::size_t count) {
    for (std::size_t i = 1; i < count; ++i)
      graph_.nodes[inside_[i]].attributes["inner"] = std::int64_t{1};
  }

  Graph& graph_;
  const Readers& readers_;
  std::vector<std::size_t> inside_;
  std::set<ValueId> sources_;  // read from outside, constants aside
};

// How many elements of an image all movements may have together: each is followed on its way when
// its gather is made, and a small file can have 20,000 of any size.
constexpr std::int64_t kMostMoved = std::int64_t{1} << 25;

std::int64_t elements_of(const Graph& graph, ValueId id) {
  const auto& shape = graph.value(id).shape;
  if (!shape || shape->empty()) return 0;
  return element_count({shape->begin() + 1, shape->end()}).value_or(0);
}

void mark_unmapped(Graph& graph) {
  std::int64_t left = kMostMoved;
  for (Node& node : graph.nodes) {
    if (is_inner(node) || !is_movement(node) || form_of(graph, node) != Form::kMovement) continue;
    const ValueId source = source_of(graph, node);
    const std::int64_t read = source == kNoValue ? 0 : elements_of(graph, source);
    const std::int64_t moved = std::max(read, elements_of(graph, node.outputs.at(0)));
    if (moved > left) {
      node.attributes["unmapped"] = std::int64_t{1};
    } else {
      left -= moved;
    }
  }
}

}  // namespace

void mark_groups(Graph& graph) {
  const Readers readers = readers_of(graph);
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (is_inner(graph.nodes[i])) continue;
    if (is_function(graph, graph.nodes[i])) Grower(graph, readers, i).grow_activation();
    if (is_movement(graph.nodes[i])) Grower(graph, readers, i).grow_movement();
  }
  mark_unmapped(graph);
}

}  // namespace gradus
