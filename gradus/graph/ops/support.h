// What the files of graph/ops/ share: refusing a node by name, and reading its inputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/op.h"

namespace gradus::ops {

// Throws Error (kUnsupported): "node 'n' (Op): <text>".
[[noreturn]] void refuse(const Node& node, const std::string& text);
// The same as kInvalidFile: the node contradicts itself or its inputs.
[[noreturn]] void invalid(const Node& node, const std::string& text);

// Shape of input `i`. Throws if the input is left out or its rank is not known.
const Shape& input_shape(const Graph& graph, const Node& node, std::size_t i = 0);
DType input_dtype(const Graph& graph, const Node& node, std::size_t i = 0);
// Shape of input `i`, float32. Throws (kUnsupported) for another type.
const Shape& float_shape(const Graph& graph, const Node& node, std::size_t i = 0);
// The same, with rank 4 and every dimension but the batch known.
const Shape& map_shape(const Graph& graph, const Node& node, std::size_t i = 0);
// The same for elements of any type.
const Shape& any_map_shape(const Graph& graph, const Node& node, std::size_t i = 0);
// Input `i` as a constant float32 tensor, null if left out. Throws if it is computed at run time.
const Tensor* constant_floats(const Graph& graph, const Node& node, std::size_t i,
                              const char* meaning);

// Integers of constant input `i` (int32 or int64, rank 0 or 1; may hold kBatchSize), or of the
// attribute `meaning` where the input is left out; nothing if neither is there. Throws for more
// than kMostIntegers: one an axis, or for each output of a Split.
constexpr std::int64_t kMostIntegers = 1024;
std::optional<std::vector<std::int64_t>> integers(const NormalizeContext& context, const Node& node,
                                                  std::size_t i, const char* meaning);
// The same for one float.
std::optional<float> real(const NormalizeContext& context, const Node& node, std::size_t i,
                          const char* meaning);

// `axis` counted from the front. Throws if it is outside the rank.
std::int64_t axis_in(const Node& node, std::int64_t axis, std::size_t rank);
// The same for a list, ascending. Throws if an axis is there twice.
std::vector<std::int64_t> axes_in(const Node& node, std::vector<std::int64_t> axes,
                                  std::size_t rank);

// Drops inputs from `count` on: they have become attributes.
void drop_inputs(Node& node, std::size_t count);
// Throws if the attribute is there with another value.
void require(const Node& node, const char* attribute, std::int64_t value);

// "[1, -2]"; long lists are cut.
std::string list_text(const std::vector<std::int64_t>& list);

// A constant as a new value of the graph, through context.add_value.
ValueId add_constant(NormalizeContext& context, const Node& node, const std::string& name,
                     Tensor tensor);

// One more node of `op` before this one, through context.emit: its output.
ValueId emit(NormalizeContext& context, const Node& user, const char* op,
             std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes = {});

// Throws if a Gather of so many indices is more than import makes: to be asked before making them.
constexpr std::int64_t kMostIndices = 1 << 22;
void expect_few_indices(const Node& node, std::int64_t count);

// The same for Gather of `indices` (from 0) along `axis`.
ValueId emit_gather(NormalizeContext& context, const Node& user, ValueId in, std::int64_t axis,
                    const std::vector<std::int64_t>& indices);

// The node does nothing: an Identity of its first input.
void make_identity(Node& node);

// 0 or 1, or an Error that names the attribute.
bool flag(const Node& node, const char* attribute, std::int64_t otherwise);

// The real attribute, finite; `otherwise` if absent.
float finite(const Node& node, const char* attribute, float otherwise);

// numpy's broadcasting; the batch, -1, fits only itself and 1. Throws naming the node.
Shape broadcast(const Node& node, const Shape& a, const Shape& b);

// The shape of a matrix product by numpy's rules. Throws naming the node.
Shape matmul_shape(const Node& node, Shape a, Shape b);

Tensor int64_tensor(const std::vector<std::int64_t>& values);

}  // namespace gradus::ops
