// Operators that the integer network computes in one, without codes in between: an activation,
// which is any function of one tensor and constants (x * sigmoid(x) from its parts), becomes one
// table of codes; a movement (reshape, transpose, reshape) one gather.
//
// A group is its last node, the root, and the nodes before it whose results only the group reads;
// those carry the attribute "inner". A node alone is the root of a
// group of one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// Marks the inner nodes of every group that there can be; no value inside one carries a quantizer.
// Movements that are too much beside the others get the attribute "unmapped": no gather is made of
// them.
void mark_groups(Graph& graph);

bool is_inner(const Node& node);
// Of a node that lies in graph.nodes.
const Node& root_of(const Graph& graph, const Node& node);
// The nodes of a root's group in the order of the graph, the root last.
std::vector<const Node*> group_of(const Graph& graph, const Node& root);
// The one value, no constant, that a root's group reads from outside; kNoValue if there are several
// or none.
ValueId source_of(const Graph& graph, const Node& root);

// Whether the node computes element by element, with constants that are one number or one a
// channel. Its values are float32 or bool.
bool is_pointwise(const Graph& graph, const Node& node);
// Whether it is pointwise and its result real: it may be the root of a group.
bool is_function(const Graph& graph, const Node& node);
// Whether the node only moves the elements of its first input.
bool is_movement(const Node& node);

enum class Form {
  kOwn,         // the operator has an integer form of its own, or none
  kActivation,  // one table
  kMovement,    // one gather
};
Form form_of(const Graph& graph, const Node& root);

// What a group of form kActivation computes of each of `reals`: one row of reals.size() results, or
// one row a channel of its source. Each operator rounds to float once.
std::vector<float> activation_results(const Graph& graph, const Node& root,
                                      std::span<const float> reals);

// A group of form kMovement: element (c, y, x) of its result, axes 1, 2 and 3 of the value, is
// element rows[y] + columns[x] + channels[c] of its source in the order of ONNX. `flat`: only once
// the source is seen as channels alone; else each axis's coordinates add up without carrying.
struct MovementMap {
  bool flat = false;
  std::vector<std::int32_t> rows, columns, channels;
};
// Throws Error (kUnsupported), naming the node, if there is no such sum.
MovementMap movement_map(const Graph& graph, const Node& root);

// Channels, rows and columns of a value of rank 2 to 4, one where it has no such axis; a vector
// along time, [batch, channels, length], is a single row.
struct MapShape {
  std::int64_t channels = 1, height = 1, width = 1;
  std::int64_t elements() const { return channels * height * width; }
};
MapShape map_shape_of(const Shape& shape);

}  // namespace gradus
