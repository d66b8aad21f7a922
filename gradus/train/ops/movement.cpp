// Operators that move values, but for those with an integer form of their own.
#include <ATen/ATen.h>

#include <algorithm>

#include "gradus/graph/ops/evaluation.h"
#include "gradus/prepare/groups.h"
#include "gradus/train/op_helpers.h"

namespace gradus {
namespace {

// To the shape that import found for the output; the batch is the input's.
at::Tensor reshape(const FloatContext& context, const Node& node,
                   std::span<const at::Tensor> inputs) {
  return reshape_to_output(context.graph, node, inputs[0]);
}

at::Tensor transpose(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return at::permute(inputs[0], node.integers("perm", {}));
}

// Only the batch is not known before.
std::vector<std::int64_t> output_sizes(const FloatContext& context, const Node& node,
                                       const at::Tensor& x) {
  std::vector<std::int64_t> sizes = known_shape(context.graph, node, node.outputs.at(0));
  if (sizes.at(0) < 0) sizes[0] = x.size(0);
  return sizes;
}

at::Tensor expand(const FloatContext& context, const Node& node,
                  std::span<const at::Tensor> inputs) {
  return inputs[0].expand(output_sizes(context, node, inputs[0])).contiguous();
}

at::Tensor tile(const FloatContext&, const Node& node, std::span<const at::Tensor> inputs) {
  return at::tile(inputs[0], node.integers("repeats", {}));
}

at::Tensor depth_to_space(const FloatContext&, const Node& node,
                          std::span<const at::Tensor> inputs) {
  const at::Tensor& x = inputs[0];
  const std::int64_t b = node.integer("blocksize", 1);
  if (node.text("mode", "DCR") == "CRD") return at::pixel_shuffle(x, b);
  return x.reshape({x.size(0), b, b, x.size(1) / (b * b), x.size(2), x.size(3)})
      .permute({0, 3, 4, 1, 5, 2})
      .reshape({x.size(0), x.size(1) / (b * b), x.size(2) * b, x.size(3) * b});
}

at::Tensor space_to_depth(const FloatContext&, const Node& node,
                          std::span<const at::Tensor> inputs) {
  const at::Tensor& x = inputs[0];
  const std::int64_t b = node.integer("blocksize", 1);
  return x.reshape({x.size(0), x.size(1), x.size(2) / b, b, x.size(3) / b, b})
      .permute({0, 3, 5, 1, 2, 4})
      .reshape({x.size(0), x.size(1) * b * b, x.size(2) / b, x.size(3) / b});
}

// Which elements of an axis the nearest neighbours are.
at::Tensor nearest(const Node& node, std::size_t axis, std::size_t rank, std::int64_t from,
                   std::int64_t to) {
  Shape shape(rank, 1);
  shape[axis] = from;
  Tensor numbers(DType::kFloat32, shape);
  for (std::size_t i = 0; i < numbers.as<float>().size(); ++i) {
    numbers.as<float>()[i] = static_cast<float>(i);
  }
  shape[axis] = to;
  const TensorType type{DType::kFloat32, shape};
  const Tensor* input = &numbers;
  const Tensor taken = ops::evaluate_floatop(node, std::span(&input, 1), std::span(&type, 1)).at(0);
  std::vector<std::int64_t> indices;
  for (float number : taken.as<float>()) indices.push_back(static_cast<std::int64_t>(number));
  return at::tensor(indices, at::kLong);
}

at::Tensor interpolate(const FloatContext& context, const Node& node, const at::Tensor& x) {
  const auto sizes = output_sizes(context, node, x);
  const std::string rule = node.text("coordinate_transformation_mode", "half_pixel");
  const bool corners = rule == "align_corners";
  const bool halves = rule == "half_pixel" || rule == "pytorch_half_pixel";
  const bool known = node.text("mode", "nearest") == "linear" && x.dim() == 4 &&
                     sizes[1] == x.size(1) && node.integer("antialias", 0) == 0;
  if (!known || (!corners && !halves)) {
    refuse_node(node, "resizes by mode " + node.text("mode", "nearest") + " and " + rule +
                          "; training has nearest, and linear over height and width by half_pixel "
                          "or align_corners");
  }
  return at::upsample_bilinear2d(x, {sizes[2], sizes[3]}, corners);
}

at::Tensor resize(const FloatContext& context, const Node& node,
                  std::span<const at::Tensor> inputs) {
  at::Tensor y = inputs[0];
  if (!is_movement(node)) return interpolate(context, node, y);
  const auto sizes = output_sizes(context, node, y);
  const auto rank = sizes.size();
  for (std::size_t axis = 1; axis < rank; ++axis) {
    const auto dim = static_cast<std::int64_t>(axis);
    if (sizes[axis] == y.size(dim)) continue;
    y = at::index_select(y, dim, nearest(node, axis, rank, y.size(dim), sizes[axis]));
  }
  return y;
}

}  // namespace

TrainOpFamily movement_train_op() {
  return {{.op = "Squeeze", .forward = reshape, .moves_values = true},
          {.op = "Unsqueeze", .forward = reshape, .moves_values = true},
          {.op = "Transpose", .forward = transpose, .moves_values = true},
          {.op = "Expand", .forward = expand, .moves_values = true},
          {.op = "Tile", .forward = tile, .moves_values = true},
          {.op = "DepthToSpace", .forward = depth_to_space, .moves_values = true},
          {.op = "SpaceToDepth", .forward = space_to_depth, .moves_values = true},
          {.op = "Resize", .forward = resize}};
}

}  // namespace gradus
