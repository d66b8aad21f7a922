// Resize of opset 10 and later, and Upsample.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

using Sizes = std::vector<std::int64_t>;
using Reals = std::vector<float>;

// Floats of constant input `i`; nothing where it is left out or empty.
Reals read_reals(const NormalizeContext& context, const Node& node, std::size_t i,
                 const char* meaning) {
  const Tensor* tensor = ops::constant_floats(context.graph, node, i, meaning);
  if (tensor == nullptr) return {};
  constexpr std::int64_t kMost = 16;  // two numbers an axis
  if (tensor->size() > kMost) {
    ops::invalid(node, std::string("its ") + meaning + " are " + std::to_string(tensor->size()) +
                           " numbers; expected at most " + std::to_string(kMost));
  }
  const auto values = tensor->as<float>();
  return {values.begin(), values.end()};
}

// What is asked for, spread over all axes: scales (1 where none) or sizes (0 where none).
struct Asked {
  Reals scales;
  Sizes sizes;
  Sizes policy_sizes;  // of the axes named, where the picture keeps its shape; else empty
  Reals roi;           // empty, or starts and then ends of all axes, in parts of the axis
};

std::vector<std::size_t> read_axes(const Node& node, std::size_t rank) {
  Sizes all(rank);
  std::iota(all.begin(), all.end(), 0);
  const Sizes found = node.integers("axes", all);
  ops::axes_in(node, found, rank);  // each once
  std::vector<std::size_t> axes;
  for (std::int64_t axis : found) {
    axes.push_back(static_cast<std::size_t>(ops::axis_in(node, axis, rank)));
  }
  return axes;
}

template <typename T>
std::vector<T> spread(const Node& node, const std::vector<T>& list,
                      const std::vector<std::size_t>& axes, std::size_t rank, T otherwise,
                      const char* meaning) {
  if (list.size() != axes.size()) {
    ops::invalid(node, "has " + std::to_string(list.size()) + " " + meaning + " for " +
                           std::to_string(axes.size()) + " axes; expected one an axis");
  }
  std::vector<T> out(rank, otherwise);
  for (std::size_t i = 0; i < axes.size(); ++i) out[axes[i]] = list[i];
  return out;
}

// One scale for all axes where the picture must keep its shape, and the sizes that it makes.
void keep_aspect(const Node& node, const Shape& in, const std::vector<std::size_t>& axes,
                 Asked& asked) {
  const std::string policy = node.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch") return;
  if (policy != "not_larger" && policy != "not_smaller") {
    ops::invalid(node, "attribute keep_aspect_ratio_policy is '" + policy +
                           "'; expected stretch, not_larger or not_smaller");
  }
  double scale = 0.0;
  for (std::size_t axis : axes) {
    const double own = static_cast<double>(asked.sizes[axis]) / static_cast<double>(in[axis]);
    const bool better = policy == "not_larger" ? own < scale : own > scale;
    if (axis == axes.front() || better) scale = own;
  }
  for (std::size_t axis : axes) asked.policy_sizes.push_back(asked.sizes[axis]);
  asked.scales.assign(in.size(), 1.0f);
  for (std::size_t axis : axes) {
    asked.scales[axis] = static_cast<float>(scale);
    asked.sizes[axis] =
        static_cast<std::int64_t>(std::floor(scale * static_cast<double>(in[axis]) + 0.5));
  }
}

Asked read_inputs(const NormalizeContext& context, const Node& node, const Shape& in) {
  const bool old = node.op == "Upsample" || context.opset < 11;  // inputs {x, scales}
  const auto axes = read_axes(node, in.size());
  Asked asked;
  Reals scales = read_reals(context, node, old ? 1 : 2, "scales");
  if (const auto found = node.attributes.find("scales"); found != node.attributes.end()) {
    if (const auto* list = std::get_if<Reals>(&found->second)) scales = *list;
  }
  Sizes sizes;
  if (!old) sizes = ops::integers(context, node, 3, "sizes").value_or(Sizes{});
  const Reals roi = old ? Reals{} : read_reals(context, node, 1, "roi");
  if (scales.empty() == sizes.empty()) {
    ops::invalid(node, "has both or none of scales and sizes; expected one of them");
  }
  if (!scales.empty()) {
    asked.scales = spread(node, scales, axes, in.size(), 1.0f, "scales");
  } else {
    asked.sizes = spread<std::int64_t>(node, sizes, axes, in.size(), 0, "sizes");
    for (std::size_t i = 0; i < in.size(); ++i) {
      const bool batch = asked.sizes[i] == kBatchSize ||
                         (i == 0 && in[i] < 0 && asked.sizes[i] == context.fixed_batch);
      if (asked.sizes[i] == 0 || batch) asked.sizes[i] = in[i];
    }
    keep_aspect(node, in, axes, asked);
  }
  if (node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize") {
    if (roi.size() != 2 * axes.size()) ops::invalid(node, "its roi is not two numbers an axis");
    const auto middle = roi.begin() + static_cast<std::ptrdiff_t>(axes.size());
    asked.roi = spread(node, Reals(roi.begin(), middle), axes, in.size(), 0.0f, "roi starts");
    const Reals ends = spread(node, Reals(middle, roi.end()), axes, in.size(), 1.0f, "roi ends");
    asked.roi.insert(asked.roi.end(), ends.begin(), ends.end());
  }
  return asked;
}

// The size that a scale makes of an axis (opset 19): rounded down, of the region of interest.
void sizes_of_scales(const Node& node, const Shape& in, Asked& asked) {
  asked.sizes.assign(in.size(), 0);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const float scale = asked.scales[i];
    if (!(scale > 0.0f && scale < 1e6f)) {
      ops::invalid(node, "a scale is " + std::to_string(scale) + "; expected above 0, below 1e6");
    }
    const float part = asked.roi.empty() ? 1.0f : asked.roi[in.size() + i] - asked.roi[i];
    asked.sizes[i] =
        in[i] < 0 ? in[i]
                  : static_cast<std::int64_t>(std::floor(static_cast<float>(in[i]) * part * scale));
    if (in[i] < 0 && scale != 1.0f) ops::refuse(node, "scales the batch; expected 1 there");
  }
}

std::string one_of(const Node& node, const char* key, const std::string& otherwise,
                   std::initializer_list<const char*> allowed) {
  const std::string found = node.text(key, otherwise);
  std::string list;
  for (const char* name : allowed) {
    if (found == name) return found;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  ops::invalid(node,
               std::string("attribute ") + key + " is '" + found + "'; expected one of " + list);
}

// Opset 10 leaves open which neighbour is nearest: its own test case, and ONNX Runtime, take the
// one before where a map grows and the one after where it shrinks.
bool scales_below_one(const Node& node, const Reals& scales) {
  const bool shrinks = std::any_of(scales.begin(), scales.end(), [](float s) { return s < 1.0f; });
  const bool grows = std::any_of(scales.begin(), scales.end(), [](float s) { return s > 1.0f; });
  if (shrinks && grows && node.text("mode", "nearest") == "nearest") {
    ops::refuse(node,
                "makes one axis longer and one shorter, by the nearest, before opset 11; "
                "expected one of them");
  }
  return shrinks;
}

void normalize_resize(NormalizeContext& context, Node& node) {
  const Shape in = ops::float_shape(context.graph, node);
  const bool old = node.op == "Upsample" || context.opset < 11;
  Asked asked = read_inputs(context, node, in);
  const bool shrinks = old && scales_below_one(node, asked.scales);
  if (asked.sizes.empty()) sizes_of_scales(node, in, asked);
  std::string mode = one_of(node, "mode", "nearest", {"nearest", "linear", "bilinear", "cubic"});
  if (mode == "bilinear") mode = "linear";
  const Node asker = node;
  const std::int64_t antialias = ops::flag(node, "antialias", 0) ? 1 : 0;
  const std::int64_t exclude = ops::flag(node, "exclude_outside", 0) ? 1 : 0;
  ops::drop_inputs(node, 1);
  node.op = "Resize";
  node.attributes = {
      {"mode", mode},
      {"coordinate_transformation_mode",
       one_of(asker, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel",
              {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
               "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn"})},
      {"nearest_mode", one_of(asker, "nearest_mode",
                              shrinks ? "ceil"
                              : old   ? "floor"
                                      : "round_prefer_floor",
                              {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})},
      {"cubic_coeff_a", ops::finite(asker, "cubic_coeff_a", -0.75f)},
      {"exclude_outside", exclude},
      {"extrapolation_value", ops::finite(asker, "extrapolation_value", 0.0f)},
      {"antialias", antialias},
      {"scales", asked.scales},
      {"sizes", asked.sizes},
      {"roi", asked.roi}};
  if (!asked.policy_sizes.empty()) {
    node.attributes["policy"] = asker.text("keep_aspect_ratio_policy", "");
    node.attributes["policy_sizes"] = asked.policy_sizes;
    Sizes axes;
    for (std::size_t axis : read_axes(asker, in.size())) {
      axes.push_back(static_cast<std::int64_t>(axis));
    }
    node.attributes["policy_axes"] = axes;
  }
  // Of opset 11 alone, and only for nearest: (x + 0.5) / scale.
  if (node.text("coordinate_transformation_mode", "") == "tf_half_pixel_for_nn") {
    ops::refuse(node, "coordinate_transformation_mode is tf_half_pixel_for_nn; expected another");
  }
  if (asked.sizes == in && asked.roi.empty() &&
      std::all_of(asked.scales.begin(), asked.scales.end(), [](float s) { return s == 1.0f; })) {
    ops::make_identity(node);
  }
}

std::vector<TensorType> infer_resize(const Graph& graph, const Node& node) {
  const Shape& in = ops::float_shape(graph, node);
  Shape out = node.integers("sizes", {});
  bool fits = out.size() == in.size();
  for (std::size_t i = 0; fits && i < in.size(); ++i) {
    if (out[i] == -1) out[i] = in[i];  // the batch, which may be of known size
    fits = out[i] == in[i] || (in[i] > 0 && out[i] >= 1 && out[i] < std::int64_t{1} << 31);
  }
  if (!fits) {
    ops::invalid(node, "resizes " + to_string(in) + " to " + to_string(out) +
                           "; expected sizes from 1, and the batch left alone");
  }
  return {{DType::kFloat32, out}};
}

void resize_to_onnx(Node& node, OnnxInputs& inputs) {
  const auto reals = [&](const char* key) {
    const auto& list = std::get<Reals>(node.attributes.at(key));
    return Tensor::from<float>({static_cast<std::int64_t>(list.size())}, list);
  };
  const Tensor scales = reals("scales"), roi = reals("roi");
  Sizes sizes = node.integers("sizes", {});
  if (roi.size() > 0) inputs[1] = roi;
  if (node.attributes.contains("policy")) {
    inputs[3] = ops::int64_tensor(node.integers("policy_sizes", {}));
    node.attributes["axes"] = node.integers("policy_axes", {});
    node.attributes["keep_aspect_ratio_policy"] = node.text("policy", "");
    for (const char* key : {"policy", "policy_sizes", "policy_axes"}) node.attributes.erase(key);
  } else if (scales.size() > 0) {
    inputs[2] = scales;
  } else {
    // The batch is open: only the axes after it are named.
    const bool open = !sizes.empty() && sizes[0] == -1;
    if (open) sizes.erase(sizes.begin());
    inputs[3] = ops::int64_tensor(sizes);
    Sizes axes(sizes.size());
    std::iota(axes.begin(), axes.end(), open ? 1 : 0);
    node.attributes["axes"] = axes;
  }
  for (const char* key : {"scales", "sizes", "roi"}) node.attributes.erase(key);
}

}  // namespace

GraphOpFamily resize_graph_op() {
  const std::vector<std::string> attributes = {"antialias",
                                               "axes",
                                               "coordinate_transformation_mode",
                                               "cubic_coeff_a",
                                               "exclude_outside",
                                               "extrapolation_value",
                                               "keep_aspect_ratio_policy",
                                               "mode",
                                               "nearest_mode"};
  return {{.type = "Resize",
           .since = 10,
           .max_inputs = 4,
           .attributes = attributes,
           .normalize = normalize_resize,
           .infer_shape = infer_resize,
           .evaluate = ops::evaluate_floatop,
           .to_onnx = resize_to_onnx,
           .export_opset = 19},
          {.type = "Upsample",
           .since = 7,
           .max_inputs = 2,
           .attributes = {"mode", "scales"},
           .normalize = normalize_resize,
           .infer_shape = infer_resize}};
}

}  // namespace gradus
