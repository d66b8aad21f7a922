// Operators that only move elements.
#include <cstring>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::CellInput;
using floatops::CellOutput;
using floatops::FloatOp;
using floatops::Strides;

// Reshape, Flatten, Squeeze, Unsqueeze, Identity: the same elements under another shape.
void copy(const Attributes&, std::size_t width, std::span<const CellInput> in,
          std::span<const CellOutput> out) {
  const auto count = floatops::product(in[0].shape, 0, in[0].shape.size());
  if (count > 0) std::memcpy(out[0].data, in[0].data, static_cast<std::size_t>(count) * width);
}

void transpose(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
               std::span<const CellOutput> out) {
  const Strides own = floatops::strides_of(in[0].shape);
  Strides strides;
  for (std::int64_t axis : attributes.integers("perm")) {
    strides.push_back(own[static_cast<std::size_t>(axis)]);
  }
  floatops::take(in[0].data, out[0].data, out[0].shape, strides, 0, width);
}

void expand(const Attributes&, std::size_t width, std::span<const CellInput> in,
            std::span<const CellOutput> out) {
  floatops::take(in[0].data, out[0].data, out[0].shape,
                 floatops::broadcast_strides(in[0].shape, out[0].shape), 0, width);
}

void slice(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
           std::span<const CellOutput> out) {
  const auto& starts = attributes.integers("starts");
  const auto& axes = attributes.integers("axes");
  const auto& steps = attributes.integers("steps");
  Strides strides = floatops::strides_of(in[0].shape);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    offset += starts[i] * strides[axis];
    // An axis with one element left is never stepped along, so a huge step cannot overflow.
    strides[axis] = out[0].shape[axis] > 1 ? strides[axis] * steps[i] : 0;
  }
  floatops::take(in[0].data, out[0].data, out[0].shape, strides, offset, width);
}

void concat(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
            std::span<const CellOutput> out) {
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const Strides strides = floatops::strides_of(out[0].shape);
  std::int64_t offset = 0;
  for (const auto& input : in) {
    floatops::put(input.data, out[0].data, input.shape, strides, offset, width);
    offset += input.shape[axis] * strides[axis];
  }
}

void split(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
           std::span<const CellOutput> out) {
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const Strides strides = floatops::strides_of(in[0].shape);
  std::int64_t offset = 0;
  for (const auto& output : out) {
    if (output.data != nullptr) {
      floatops::take(in[0].data, output.data, output.shape, strides, offset, width);
    }
    offset += output.shape[axis] * strides[axis];
  }
}

// The input again and again along each axis: every copy is put where it belongs.
void tile(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
          std::span<const CellOutput> out) {
  const auto& repeats = attributes.integers("repeats");
  const Strides strides = floatops::strides_of(out[0].shape);
  const std::int64_t copies = floatops::product(repeats, 0, repeats.size());
  for (std::int64_t i = 0; i < copies; ++i) {
    std::int64_t rest = i, offset = 0;
    for (std::size_t axis = repeats.size(); axis-- > 0; rest /= repeats[axis]) {
      offset += rest % repeats[axis] * in[0].shape[axis] * strides[axis];
    }
    floatops::put(in[0].data, out[0].data, in[0].shape, strides, offset, width);
  }
}

// [N, C, H, W] seen as six axes, with the block taken out of the channels and put behind H and W.
//   DCR: channels are [block, block, C / block^2]; CRD: [C / block^2, block, block]
void depth_to_space(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
                    std::span<const CellOutput> out) {
  const std::int64_t block = attributes.integer("blocksize");
  const bool depth_first = attributes.text("mode") == "DCR";
  const Shape& shape = in[0].shape;
  const std::int64_t channels = shape[1] / (block * block), map = shape[2] * shape[3];
  const std::int64_t row = (depth_first ? block * channels : block) * map;
  const std::int64_t column = (depth_first ? channels : 1) * map;
  const std::int64_t channel = (depth_first ? 1 : block * block) * map;
  floatops::take(in[0].data, out[0].data, {shape[0], channels, shape[2], block, shape[3], block},
                 {shape[1] * map, channel, shape[3], row, 1, column}, 0, width);
}

// The inverse of depth_to_space's DCR.
void space_to_depth(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
                    std::span<const CellOutput> out) {
  const std::int64_t block = attributes.integer("blocksize");
  const Shape& shape = in[0].shape;
  const std::int64_t map = shape[2] * shape[3];
  floatops::take(in[0].data, out[0].data,
                 {shape[0], block, block, shape[1], shape[2] / block, shape[3] / block},
                 {shape[1] * map, shape[3], 1, map, block * shape[3], block}, 0, width);
}

// out[outer, i, inner] = in[outer, indices[i], inner]; indices from 0, in row-major order.
void gather(const Attributes& attributes, std::size_t width, std::span<const CellInput> in,
            std::span<const CellOutput> out) {
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const auto& indices = attributes.integers("indices");
  const Shape& shape = in[0].shape;
  const std::int64_t inner =
      floatops::product(shape, axis + 1, shape.size()) * static_cast<std::int64_t>(width);
  const std::int64_t outer = floatops::product(shape, 0, axis);
  if (inner == 0) return;
  std::byte* to = out[0].data;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t index : indices) {
      std::memcpy(to, in[0].data + (o * shape[axis] + index) * inner,
                  static_cast<std::size_t>(inner));
      to += inner;
    }
  }
}

}  // namespace

floatops::FloatOpFamily movement_float_op() {
  floatops::FloatOpFamily family = {FloatOp{.type = "Transpose", .move = transpose},
                                    FloatOp{.type = "Expand", .move = expand},
                                    FloatOp{.type = "Slice", .move = slice},
                                    FloatOp{.type = "Concat", .move = concat},
                                    FloatOp{.type = "Split", .move = split},
                                    FloatOp{.type = "Tile", .move = tile},
                                    FloatOp{.type = "DepthToSpace", .move = depth_to_space},
                                    FloatOp{.type = "SpaceToDepth", .move = space_to_depth},
                                    FloatOp{.type = "Gather", .move = gather}};
  for (const char* type : {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}) {
    family.push_back({.type = type, .move = copy});
  }
  return family;
}

}  // namespace gradus
