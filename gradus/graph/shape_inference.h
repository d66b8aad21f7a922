// Shapes and types of every value of a graph in normal form.
#pragma once

#include "gradus/graph/graph.h"
#include "gradus/graph/op.h"

namespace gradus {

// Types of the outputs of `node`, checked: one for each output, every dimension >= 1 (0 where all
// inputs are constant) and at most 2^31 - 1 elements for one item of the batch.
// Throws Error as GraphOp::infer_shape does, and kUnsupported for an operator not in graph_ops().
std::vector<TensorType> infer_node(const Graph& graph, const Node& node);

// Sets shape and type of every output of every node, in order. Same errors.
void infer_shapes(Graph& graph);

}  // namespace gradus
