#include "gradus/prepare/attributes.h"

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

std::vector<std::int64_t> sizes(const Node& node, const char* key,
                                const std::vector<std::int64_t>& otherwise, std::int64_t least) {
  const auto list = node.integers(key, otherwise);
  const bool fits = list.size() == otherwise.size() &&
                    std::all_of(list.begin(), list.end(), [&](std::int64_t size) {
                      return size >= least && size < (1 << 20);
                    });
  if (!fits) {
    refuse_node(node, std::string(key) + " is " + to_string(list) + "; expected " +
                          std::to_string(otherwise.size()) + " integers from " +
                          std::to_string(least) + " (two spatial axes)");
  }
  return list;
}

}  // namespace

void refuse_node(const Node& node, const std::string& text) {
  throw Error(ErrorCode::kUnsupported, "node '" + node.name + "' (" + node.op + "): " + text);
}

Window window_of(const Graph& graph, const Node& node) {
  Window window;
  if (node.op == "Conv") {
    const Shape& weights = known_shape(graph, node, node.inputs.at(1));
    if (weights.size() != 4) {
      refuse_node(node, "its weights are " + to_string(weights) +
                            "; expected [out, in / groups, height, width]");
    }
    window.kernel_h = weights[2];
    window.kernel_w = weights[3];
  } else {
    const auto kernel = sizes(node, "kernel_shape", {0, 0}, 1);
    window.kernel_h = kernel[0];
    window.kernel_w = kernel[1];
  }
  const auto strides = sizes(node, "strides", {1, 1}, 1);
  const auto dilations = sizes(node, "dilations", {1, 1}, 1);
  if (node.op == "AveragePool" && (dilations[0] != 1 || dilations[1] != 1)) {
    refuse_node(node, "its window is dilated; expected an average without dilations");
  }
  const auto pads = sizes(node, "pads", {0, 0, 0, 0}, 0);
  window.stride_h = strides[0];
  window.stride_w = strides[1];
  window.dilation_h = dilations[0];
  window.dilation_w = dilations[1];
  window.pad_top = pads[0];
  window.pad_left = pads[1];
  window.pad_bottom = pads[2];
  window.pad_right = pads[3];
  return window;
}

void set_pads(Node& node, const Window& window) {
  node.attributes.erase("auto_pad");
  node.attributes["pads"] = std::vector<std::int64_t>{window.pad_top, window.pad_left,
                                                      window.pad_bottom, window.pad_right};
}

bool Padding::zero() const {
  const auto none = [](std::int64_t amount) { return amount == 0; };
  return std::all_of(before.begin(), before.end(), none) &&
         std::all_of(after.begin(), after.end(), none);
}

bool Padding::spatial() const {
  return before.size() == 4 && before[0] + after[0] + before[1] + after[1] == 0;
}

Padding padding_of(const Graph& graph, const Node& node) {
  const std::size_t rank = known_shape(graph, node, node.inputs.at(0)).size();
  const auto pads = sizes(node, "pads", std::vector<std::int64_t>(2 * rank, 0), 0);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  return {{pads.begin(), middle}, {middle, pads.end()}};
}

bool is_spread(const Graph& graph, const Node& node) {
  using Integers = std::vector<std::int64_t>;
  const auto& weights = graph.value(node.inputs.at(1)).constant;
  if (node.op != "ConvTranspose" || node.inputs.size() != 2 || !weights) return false;
  const Shape& in = known_shape(graph, node, node.inputs[0]);
  if (weights->dtype() != DType::kFloat32 || weights->shape() != Shape{in.at(1), 1, 1, 1}) {
    return false;
  }
  const Tensor looked_at = weights->is_filled() ? weights->element() : *weights;
  const auto taps = looked_at.as<float>();
  return node.integer("group", 1) == in[1] &&
         std::all_of(taps.begin(), taps.end(), [](float tap) { return tap == 1.0f; }) &&
         node.integers("pads", {0, 0, 0, 0}) == Integers{0, 0, 0, 0} &&
         node.integers("output_padding", {0, 0}) == Integers{0, 0};
}

std::vector<AxisSlice> slices_of(const Graph& graph, const Node& node) {
  const std::size_t rank = known_shape(graph, node, node.inputs.at(0)).size();
  const auto starts = node.integers("starts", {});
  const auto axes = node.integers("axes", {});
  const auto steps = node.integers("steps", std::vector<std::int64_t>(starts.size(), 1));
  check(axes.size() == starts.size() && steps.size() == starts.size(), "a Slice in normal form");
  std::vector<AxisSlice> slices;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = normal_axis(node, axes[i], rank);
    if (axis == 0) refuse_node(node, "cuts the batch; expected channels, height or width");
    slices.push_back({axis, starts[i], steps[i]});
  }
  return slices;
}

std::optional<Clamp> clamp_of(const Node& node) {
  Clamp clamp;
  if (node.op == "Relu") {
    clamp.min = 0.0f;
    return clamp;
  }
  if (node.op != "Clip") return std::nullopt;
  clamp.min = node.real("min", clamp.min);
  clamp.max = node.real("max", clamp.max);
  if (!(clamp.min <= clamp.max)) {
    refuse_node(node, "clips to [" + std::to_string(clamp.min) + ", " + std::to_string(clamp.max) +
                          "]; expected min at most max");
  }
  return clamp;
}

Clamp compose(Clamp first, Clamp second) {
  return {std::clamp(first.min, second.min, second.max),
          std::clamp(first.max, second.min, second.max)};
}

const Shape& known_shape(const Graph& graph, const Node& node, ValueId id) {
  const Value& value = graph.value(id);
  const bool known =
      value.shape && std::all_of(value.shape->begin() + !value.shape->empty(), value.shape->end(),
                                 [](std::int64_t size) { return size >= 0; });
  if (!known) {
    refuse_node(node, "the shape of '" + value.name + "' is " +
                          (value.shape ? to_string(*value.shape) : "unknown") +
                          "; expected every dimension but the batch fixed");
  }
  return *value.shape;
}

std::int64_t normal_axis(const Node& node, std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) {
    refuse_node(node,
                "axis is " + std::to_string(axis) + " of a tensor of rank " + std::to_string(rank));
  }
  return axis < 0 ? axis + size : axis;
}

}  // namespace gradus
