// Which operators integers can compute, in what way they take part in quantization, and why a given
// node cannot be computed so. Passes, `check` and convert go by this one list.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

enum class Role {
  kLinear,       // Conv, Gemm: multiplies codes with weight codes
  kCompute,      // makes new codes: Add, Concat, pools that average, a clamp
  kPassThrough,  // passes codes on: input and output share one quantizer
};

// Why not; converts to false when there is nothing to refuse.
struct Refusal {
  std::string reason;
  std::string remedy;
  explicit operator bool() const { return !reason.empty(); }
};

struct IntegerOp {
  const char* op;  // or "activation" and "movement" for groups of these forms (groups.h)
  Role role;
  bool float_output;  // its result may leave as float; otherwise it is codes, dequantized
  // Throws Error (kUnsupported) naming the node if it has no integer form.
  void (*check)(const Graph& graph, const Node& node);
};

std::span<const IntegerOp> integer_ops();
// Of the root of a group; null if there is none.
const IntegerOp* find_integer_op(const Graph& graph, const Node& root);

// An inner node of a group has the integer form of its root.
Refusal no_integer_form(const Graph& graph, const Node& node);

// Whether the node's group is computed in integers: it has an integer form, everything that it
// reads is codes, its weights too, and its output is codes or may leave as float. Every other node
// is an island (island_form.h), but for those of which keeps_order() is true and that pass on a
// float.
bool runs_in_integers(const Graph& graph, const Node& node);

// The inputs that carry activations: not weights, bias, axes or bounds. Of the root of a group:
// what the group reads.
std::vector<ValueId> data_inputs(const Graph& graph, const Node& root);

// Whether the node is Identity, Flatten or Reshape and leaves [N, H, W, C] memory as it is: only a
// map with more than one pixel and more than one channel is reordered when it is flattened.
bool keeps_order(const Graph& graph, const Node& node);

}  // namespace gradus
