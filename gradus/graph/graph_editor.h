// Rewiring a graph node by node in time that does not grow with the graph: who makes and who reads
// each value is looked up once and kept up to date by the functions that change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// While there is an editor, inputs and outputs of nodes change through it alone; attributes, values
// and inputs that are constants may change behind its back, and values may be added. Nodes keep
// their indices until finish(): those that were removed are skipped with removed().
class GraphEditor {
 public:
  explicit GraphEditor(Graph& graph);  // O(nodes)

  bool removed(std::size_t node) const { return removed_[node]; }
  // As Graph's. O(1).
  std::int64_t producer(ValueId id) const;
  bool is_output(ValueId id) const;
  // Ascending; O(all that ever read `id` since the editor was made).
  std::vector<std::size_t> consumers(ValueId id) const;
  // The one node that reads `id`, and once; -1 if there are several, none, or it leaves the network
  // too.
  std::int64_t sole_consumer(ValueId id) const;

  void set_input(std::size_t node, std::size_t slot, ValueId id);
  void remove(std::size_t node);
  // Takes out a node whose output is the same as its first input. The network's outputs keep their
  // names. Returns false, changing nothing, where that would rename an input of the network.
  bool bypass(std::size_t node);
  // `node` goes, and `producer` makes its output instead of its own.
  void absorb(std::size_t producer, std::size_t node);

  // Takes the removed nodes out of the graph. The editor is of no use afterwards.
  void finish();

 private:
  struct Uses {
    std::int64_t producer = -1;
    std::size_t reads = 0;  // inputs that are this value
    bool output = false;
    std::vector<std::size_t>
        readers;  // once they were; some may not be any more, or be there twice
  };

  Uses& uses(ValueId id);
  const Uses* find(ValueId id) const;
  bool reads(std::size_t node, ValueId id) const;

  Graph& graph_;
  std::vector<Uses> uses_;  // of each value
  std::vector<bool> removed_;
};

}  // namespace gradus
