#include "gradus/graph/ops/window.h"

#include <algorithm>

#include "gradus/graph/ops/support.h"

namespace gradus::ops {
namespace {

constexpr std::int64_t kLimit = 1 << 20;

std::vector<std::int64_t> bounded(const Node& node, const char* key, std::size_t count,
                                  std::int64_t least, std::int64_t otherwise) {
  const auto list = node.integers(key, std::vector<std::int64_t>(count, otherwise));
  const bool fits = list.size() == count &&
                    std::all_of(list.begin(), list.end(),
                                [&](std::int64_t item) { return item >= least && item < kLimit; });
  if (!fits) {
    invalid(node, std::string("attribute ") + key + " is " + list_text(list) + "; expected " +
                      std::to_string(count) + " integers from " + std::to_string(least) +
                      " below 2^20 (two axes: height and width)");
  }
  return list;
}

std::int64_t extent(const Window& window, std::size_t axis) {
  return (window.kernel[axis] - 1) * window.dilations[axis] + 1;
}

// The padding of SAME_UPPER and SAME_LOWER: the output is the input over the stride, rounded up.
void pad_same(Window& window, Pair size, bool extra_at_end) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t out = (size[axis] + window.strides[axis] - 1) / window.strides[axis];
    const std::int64_t total = std::max<std::int64_t>(
        (out - 1) * window.strides[axis] + extent(window, axis) - size[axis], 0);
    const std::int64_t half = total / 2;
    window.before[axis] = extra_at_end ? half : total - half;
    window.after[axis] = total - window.before[axis];
  }
}

// The padding that makes the last, partly filled window of ceil_mode a whole one. A window that
// would start in the padding at the end is left out, as ONNX 1.16 and PyTorch do.
bool pad_for_ceil(Window& window, Pair size) {
  bool padded = false;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t room =
        size[axis] + window.before[axis] + window.after[axis] - extent(window, axis);
    if (room < 0) continue;
    std::int64_t steps = (room + window.strides[axis] - 1) / window.strides[axis];
    if (steps * window.strides[axis] >= size[axis] + window.before[axis]) --steps;
    const std::int64_t needed =
        steps * window.strides[axis] + extent(window, axis) - size[axis] - window.before[axis];
    if (needed > window.after[axis]) {
      window.after[axis] = needed;
      padded = true;
    }
  }
  return padded;
}

}  // namespace

Window read_window(const Node& node, std::optional<Pair> kernel) {
  Window window;
  const auto list = [&](const char* key, std::int64_t least, std::int64_t otherwise) -> Pair {
    const auto items = bounded(node, key, 2, least, otherwise);
    return {items[0], items[1]};
  };
  window.strides = list("strides", 1, 1);
  window.dilations = list("dilations", 1, 1);
  if (node.attributes.contains("kernel_shape")) {
    window.kernel = list("kernel_shape", 1, 1);
    if (kernel && window.kernel != *kernel) {
      invalid(node, "attribute kernel_shape is " +
                        to_string(Shape{window.kernel[0], window.kernel[1]}) +
                        "; expected that of the weights, " +
                        to_string(Shape{(*kernel)[0], (*kernel)[1]}));
    }
  } else if (kernel) {
    window.kernel = *kernel;
  } else {
    invalid(node, "attribute kernel_shape is missing; expected height and width of the window");
  }
  const auto pads = bounded(node, "pads", 4, 0, 0);
  window.before = {pads[0], pads[1]};
  window.after = {pads[2], pads[3]};
  return window;
}

void write_window(Node& node, const Window& window) {
  const auto list = [](Pair pair) { return std::vector<std::int64_t>(pair.begin(), pair.end()); };
  node.attributes["kernel_shape"] = list(window.kernel);
  node.attributes["strides"] = list(window.strides);
  node.attributes["dilations"] = list(window.dilations);
  node.attributes["pads"] = std::vector<std::int64_t>{window.before[0], window.before[1],
                                                      window.after[0], window.after[1]};
}

bool normalize_window(Node& node, Pair size, std::optional<Pair> kernel) {
  Window window = read_window(node, kernel);
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID") {
    refuse(node, "attribute auto_pad is '" + auto_pad +
                     "'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  const bool padded = window.before != Pair{0, 0} || window.after != Pair{0, 0};
  if (auto_pad != "NOTSET" && padded) {
    invalid(node, "has pads and auto_pad " + auto_pad + "; expected one of them");
  }
  if (same) pad_same(window, size, auto_pad == "SAME_UPPER");
  const std::int64_t ceil_mode = node.integer("ceil_mode", 0);
  if (ceil_mode != 0 && ceil_mode != 1) {
    invalid(node, "attribute ceil_mode is " + std::to_string(ceil_mode) + "; expected 0 or 1");
  }
  const bool added = ceil_mode == 1 && pad_for_ceil(window, size);
  node.attributes.erase("auto_pad");
  node.attributes.erase("ceil_mode");
  write_window(node, window);
  return added;
}

void widen_map(NormalizeContext& context, Node& node) {
  if (input_shape(context.graph, node).size() != 3) return;
  const std::vector<std::int64_t> height = {2};
  node.inputs[0] = emit(context, node, "Unsqueeze", {node.inputs[0]}, {{"axes", height}});
  for (ValueId& out : node.outputs) {
    if (out == kNoValue) continue;
    Value wide;
    wide.name = context.graph.value(out).name + "_wide";
    const ValueId between = context.add_value(node, std::move(wide));
    const std::string number = std::to_string(context.after.size());
    context.after.push_back(
        {node.name + "_squeeze" + number, "Squeeze", {between}, {out}, {{"axes", height}}});
    out = between;
  }
}

void widen_window(NormalizeContext& context, Node& node) {
  if (input_shape(context.graph, node).size() != 3) return;
  widen_map(context, node);
  for (const auto& [key, height] : {std::pair{"kernel_shape", std::int64_t{1}},
                                    {"strides", 1},
                                    {"dilations", 1},
                                    {"output_padding", 0},
                                    {"output_shape", 1}}) {
    if (!node.attributes.contains(key)) continue;
    auto list = bounded(node, key, 1, 0, 0);
    list.insert(list.begin(), height);
    node.attributes[key] = list;
  }
  if (!node.attributes.contains("pads")) return;
  const auto pads = bounded(node, "pads", 2, 0, 0);
  node.attributes["pads"] = std::vector<std::int64_t>{0, pads[0], 0, pads[1]};
}

Pair output_size(const Node& node, const Window& window, Pair size) {
  Pair out{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t room =
        size[axis] + window.before[axis] + window.after[axis] - extent(window, axis);
    if (room < 0) {
      invalid(node, "its window of " + std::to_string(extent(window, axis)) +
                        " is larger than its padded input of " +
                        std::to_string(room + extent(window, axis)));
    }
    out[axis] = room / window.strides[axis] + 1;
  }
  return out;
}

}  // namespace gradus::ops
