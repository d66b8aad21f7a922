// What a network costs: multiply-accumulates and parameters, a node at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

struct NodeCost {
  std::string node;
  std::string op;
  Shape output;                 // of its first output
  std::int64_t macs = 0;        // of convolutions and matrix products, for one item of the batch
  std::int64_t parameters = 0;  // trained floats; not the running statistics of a batch norm
};

struct Cost {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;  // a constant that several nodes share counts once
  std::vector<NodeCost> nodes;  // in the graph's order
};

// The graph must be in normal form (shapes known). Throws Error as GraphOp::infer_shape does.
Cost graph_cost(const Graph& graph);

}  // namespace gradus
