// Operators that move values, but for those with an integer form of their own.
#include <ATen/ATen.h>

#include <algorithm>

#include "gradus/floatops/float_call.h"
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

// What resizing one axis does is linear: its matrix [to, from] is what floatops make of the
// identity. Far outside (tf_crop_and_resize) stands a constant instead, which `added` takes up.
struct AxisMatrix {
  at::Tensor matrix, added;
};
AxisMatrix axis_matrix(const Node& node, std::size_t axis, std::size_t rank, std::int64_t from,
                       std::int64_t to) {
  floatops::FloatCall call;
  call.type = "Resize";
  call.attributes = ops::float_attributes(node).values();
  const auto pick = [&](const char* key, std::size_t parts, float otherwise) {
    auto& list = std::get<std::vector<float>>(call.attributes.at(key));
    if (list.empty()) return;
    std::vector<float> two;
    for (std::size_t part = 0; part < parts; ++part) {
      two.push_back(list[part * rank + axis]);
      two.push_back(part == 0 ? otherwise : 1.0f);
    }
    list = std::move(two);
  };
  pick("scales", 1, 1.0f);
  pick("roi", 2, 0.0f);
  call.inputs = {{floatops::InputKind::kData, {from, from}, {}}};
  call.output = {to, from};
  const floatops::BoundCall bound(std::move(call));
  const auto run = [&](const at::Tensor& x) {
    at::Tensor y = at::empty({to, from}, at::kFloat);
    const float* data = x.const_data_ptr<float>();
    bound.run(std::span(&data, 1), y.mutable_data_ptr<float>());
    return y;
  };
  const at::Tensor added = run(at::zeros({from, from}, at::kFloat));
  return {run(at::eye(from, at::kFloat)) - added, added.slice(1, 0, 1).squeeze(1)};
}

at::Tensor interpolate(const FloatContext& context, const Node& node, const at::Tensor& x) {
  const auto sizes = output_sizes(context, node, x);
  const std::string rule = node.text("coordinate_transformation_mode", "half_pixel");
  const bool corners = rule == "align_corners";
  const bool halves = rule == "half_pixel" || rule == "pytorch_half_pixel";
  // PyTorch takes the ratio of the sizes for the scale.
  const auto& scales = std::get<std::vector<float>>(node.attributes.at("scales"));
  bool exact = true;
  for (std::size_t axis = 2; axis < scales.size(); ++axis) {
    const auto size = static_cast<float>(x.size(static_cast<std::int64_t>(axis)));
    exact = exact && scales[axis] * size == static_cast<float>(sizes[axis]);
  }
  const bool known = node.text("mode", "nearest") == "linear" && x.dim() == 4 && exact &&
                     sizes[1] == x.size(1) && node.integer("antialias", 0) == 0;
  if (known && (corners || halves)) {
    return at::upsample_bilinear2d(x, {sizes[2], sizes[3]}, corners);
  }
  at::Tensor y = x;
  for (std::size_t axis = 1; axis < sizes.size(); ++axis) {
    const auto dim = static_cast<std::int64_t>(axis);
    const AxisMatrix one = axis_matrix(node, axis, sizes.size(), x.size(dim), sizes[axis]);
    y = (at::matmul(y.transpose(dim, -1), one.matrix.t()) + one.added).transpose(dim, -1);
  }
  return y;
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
