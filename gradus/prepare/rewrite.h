// Small graph surgery that several passes share.
#pragma once

#include <cstddef>
#include <string>

#include "gradus/graph/graph.h"

namespace gradus {

bool is_linear(const Node& node);  // Conv or Gemm

// The one node that uses `id`, or -1 if there are several, none, or it leaves the network too.
std::int64_t sole_consumer(const Graph& graph, ValueId id);

// Takes out node `index`, whose output is the same as its first input. The network's outputs keep
// their names. Returns false, changing nothing, where that would rename an input of the network.
bool bypass(Graph& graph, std::size_t index);

}  // namespace gradus
