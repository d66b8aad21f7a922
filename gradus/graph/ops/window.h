// The sliding window of convolutions and pools over height and width.
#pragma once

#include <array>
#include <cstdint>

#include "gradus/graph/op.h"

namespace gradus::ops {

using Pair = std::array<std::int64_t, 2>;  // height, width

struct Window {
  Pair kernel{1, 1};
  Pair strides{1, 1};
  Pair dilations{1, 1};
  Pair before{0, 0};  // pads at top and left
  Pair after{0, 0};   // pads at bottom and right
};

// The explicit window attributes of a node in normal form, bounded: kernel, strides and dilations
// from 1, pads from 0, all below 2^20. `kernel` is used where attribute kernel_shape is missing.
// Throws Error (kInvalidFile) naming the attribute.
Window read_window(const Node& node, std::optional<Pair> kernel);
void write_window(Node& node, const Window& window);

// Resolves auto_pad and ceil_mode into pads for an input of `size` and makes every attribute
// explicit. Whether ceil_mode added padding is returned: what it adds is no part of the input.
bool normalize_window(Node& node, Pair size, std::optional<Pair> kernel);

// A node on [N, C, W] becomes one on [N, C, 1, W]: an Unsqueeze before it, a Squeeze after it, and
// ones for the height in its window attributes. Other ranks are left alone.
void widen_map(NormalizeContext& context, Node& node);
// The same, with its window attributes (one number an axis, or two for pads).
void widen_window(NormalizeContext& context, Node& node);

// Output height and width. Throws Error (kInvalidFile) if the window does not fit.
Pair output_size(const Node& node, const Window& window, Pair size);

}  // namespace gradus::ops
