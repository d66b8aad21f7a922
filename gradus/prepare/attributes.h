// The attributes of operators in normal form (graph/normal_form.h), read into plain numbers once
// for passes and lowerings. Every function throws Error (kUnsupported), naming the node, what it
// found and what it expected, where the node is of a kind that gradus does not compute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/fused.h"
#include "gradus/graph/graph.h"

namespace gradus {

// Throws Error (kUnsupported): "node 'n' (Op): <text>".
[[noreturn]] void refuse_node(const Node& node, const std::string& text);

// The window of Conv, MaxPool and AveragePool over two axes; sizes >= 1, pads >= 0.
struct Window {
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};
// For Conv the kernel is that of the weights.
Window window_of(const Graph& graph, const Node& node);
void set_pads(Node& node, const Window& window);

// How much Pad adds before and after each axis, whatever number it pads with.
struct Padding {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
  bool zero() const;     // adds nothing
  bool spatial() const;  // rank 4, adds to height and width alone
};
Padding padding_of(const Graph& graph, const Node& node);

// Whether a ConvTranspose only puts zeros between the pixels of a map: one tap of 1 for each
// channel by itself, nothing added or cut.
bool is_spread(const Graph& graph, const Node& node);

// out[i] = in[begin + i * step] along `axis`; 0 <= begin < dimension, step >= 1.
struct AxisSlice {
  std::int64_t axis = 0;
  std::int64_t begin = 0;
  std::int64_t step = 1;
};
// Never along the batch.
std::vector<AxisSlice> slices_of(const Graph& graph, const Node& node);

// Relu and Clip as a clamp. Any other operator: no clamp.
std::optional<Clamp> clamp_of(const Node& node);

// `first` then `second` as one clamp.
Clamp compose(Clamp first, Clamp second);

// The known shape of a value. Throws if its rank or a dimension but the first is not known.
const Shape& known_shape(const Graph& graph, const Node& node, ValueId id);

// `axis` counted from the front. Throws if it is outside the rank.
std::int64_t normal_axis(const Node& node, std::int64_t axis, std::size_t rank);

}  // namespace gradus
