// Runs a graph on given tensors, node by node, with the operators' own float arithmetic
// (floatops): slow, plain, and the same on every machine.
#pragma once

#include <span>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// The graph's outputs for `inputs`, one for each of graph.inputs, of its type and shape; the batch
// may be of any size, the same for all. The graph is in normal form. Throws Error: kInvalidArgument
// if the inputs are not those of the graph, kUnsupported, naming the node, for an operator or type
// that is not computed.
std::vector<Tensor> evaluate_graph(const Graph& graph, std::span<const Tensor> inputs);

}  // namespace gradus
