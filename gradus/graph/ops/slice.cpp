#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "gradus/graph/ops/evaluation.h"

namespace gradus {
namespace {

constexpr std::int64_t kLongest = std::int64_t{1} << 31;

struct Slices {
  std::vector<std::int64_t> starts, ends, axes, steps;
};

// One bound of ONNX's Slice along an axis of `size`: negative counts from the end, and too far is
// the end. Walking backwards, the end is as low as -1, before the first.
std::int64_t bound(std::int64_t value, std::int64_t low, std::int64_t high, std::int64_t size) {
  return std::clamp<std::int64_t>(value < 0 ? value + size : value, low, high);
}

Slices read_inputs(const NormalizeContext& context, const Node& node, std::size_t rank) {
  const auto starts = ops::integers(context, node, 1, "starts");
  const auto ends = ops::integers(context, node, 2, "ends");
  if (!starts || !ends) ops::invalid(node, "its starts or ends are missing");
  std::vector<std::int64_t> leading(starts->size());
  std::iota(leading.begin(), leading.end(), 0);
  const auto axes = ops::integers(context, node, 3, "axes").value_or(leading);
  const auto steps = ops::integers(context, node, 4, "steps")
                         .value_or(std::vector<std::int64_t>(starts->size(), 1));
  if (ends->size() != starts->size() || axes.size() != starts->size() ||
      steps.size() != starts->size()) {
    ops::invalid(node, "its starts, ends, axes and steps are of different lengths");
  }
  ops::axes_in(node, axes, rank);  // each once
  return {*starts, *ends, axes, steps};
}

bool is_known(const NormalizeContext& context, ValueId id) {
  return context.graph.value(id).constant || context.partial.contains(id);
}

// Indices of an axis from start by step until end.
std::vector<std::int64_t> walked(std::int64_t start, std::int64_t end, std::int64_t step) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = start; i > end; i += step) indices.push_back(i);
  return indices;
}

// Going backwards, where the values are not known yet: a Gather an axis, before what is left.
void gather_backwards(NormalizeContext& context, Node& node, Slices& slices) {
  Slices forward;
  for (std::size_t i = 0; i < slices.axes.size(); ++i) {
    if (slices.steps[i] > 0) {
      forward.starts.push_back(slices.starts[i]);
      forward.ends.push_back(slices.ends[i]);
      forward.axes.push_back(slices.axes[i]);
      forward.steps.push_back(slices.steps[i]);
      continue;
    }
    ops::expect_few_indices(node, (slices.starts[i] - slices.ends[i]) / -slices.steps[i]);
    const auto indices = walked(slices.starts[i], slices.ends[i], slices.steps[i]);
    node.inputs[0] = ops::emit_gather(context, node, node.inputs[0], slices.axes[i], indices);
  }
  slices = std::move(forward);
}

void normalize_slice(NormalizeContext& context, Node& node) {
  const Shape in = ops::input_shape(context.graph, node);
  const Slices found = read_inputs(context, node, in.size());
  Slices kept;
  for (std::size_t i = 0; i < found.axes.size(); ++i) {
    const std::int64_t axis = ops::axis_in(node, found.axes[i], in.size());
    const std::int64_t size = in[static_cast<std::size_t>(axis)];
    // No axis is longer: a longer step does the same.
    const std::int64_t step = std::clamp<std::int64_t>(found.steps[i], -kLongest, kLongest);
    if (step == 0) ops::invalid(node, "its step is 0; expected another number");
    const bool to_end = found.ends[i] >= INT32_MAX || found.ends[i] == kBatchSize;
    if (size < 0 && found.starts[i] == 0 && step == 1 && to_end) continue;
    if (size < 0 || found.starts[i] == kBatchSize || found.ends[i] == kBatchSize) {
      ops::refuse(node, "cuts the batch; expected another axis");
    }
    const bool forward = step > 0;
    const std::int64_t low = forward ? 0 : -1;
    const std::int64_t high = forward ? size : size - 1;
    const std::int64_t start =
        bound(found.starts[i], forward ? 0 : std::min<std::int64_t>(0, high), high, size);
    const std::int64_t asked_end = bound(found.ends[i], low, high, size);
    const std::int64_t end = forward ? std::max(start, asked_end) : std::min(start, asked_end);
    if (start == 0 && end == size && step == 1) continue;
    kept.starts.push_back(start);
    kept.ends.push_back(end);
    kept.axes.push_back(axis);
    kept.steps.push_back(step);
  }
  if (!is_known(context, node.inputs[0])) gather_backwards(context, node, kept);
  ops::drop_inputs(node, 1);
  node.attributes = {
      {"starts", kept.starts}, {"ends", kept.ends}, {"axes", kept.axes}, {"steps", kept.steps}};
  if (!kept.axes.empty()) return;
  node.op = "Identity";
  node.attributes.clear();
}

// Slices of a node in normal form. Backwards, which only constants are cut: from start down to
// above end, -1 <= end <= start < size.
Slices read_slices(const Node& node, const Shape& in) {
  Slices slices{node.integers("starts", {}), node.integers("ends", {}), node.integers("axes", {}),
                node.integers("steps", {})};
  const std::size_t count = slices.axes.size();
  bool good =
      slices.starts.size() == count && slices.ends.size() == count && slices.steps.size() == count;
  for (std::size_t i = 0; good && i < count; ++i) {
    const auto axis = static_cast<std::size_t>(ops::axis_in(node, slices.axes[i], in.size()));
    const bool forward = slices.steps[i] > 0;
    const std::int64_t low = forward ? slices.starts[i] : slices.ends[i];
    const std::int64_t high = forward ? slices.ends[i] : slices.starts[i];
    good = slices.steps[i] != 0 && std::abs(slices.steps[i]) <= kLongest && low <= high &&
           low >= (forward ? 0 : -1) && high <= (forward ? in[axis] : in[axis] - 1);
  }
  if (!good) ops::invalid(node, "its slices do not fit its input of " + to_string(in));
  return slices;
}

Shape sliced(const Slices& slices, Shape shape) {
  for (std::size_t i = 0; i < slices.axes.size(); ++i) {
    const std::int64_t length = std::abs(slices.ends[i] - slices.starts[i]);
    const std::int64_t step = std::abs(slices.steps[i]);
    shape[static_cast<std::size_t>(slices.axes[i])] = (length + step - 1) / step;
  }
  return shape;
}

std::vector<TensorType> infer_slice(const Graph& graph, const Node& node) {
  const Shape& in = ops::input_shape(graph, node);
  return {{ops::input_dtype(graph, node), sliced(read_slices(node, in), in)}};
}

void slice_to_onnx(Node& node, OnnxInputs& inputs) {
  std::size_t position = 1;
  for (const char* key : {"starts", "ends", "axes", "steps"}) {
    inputs[position++] = ops::int64_tensor(node.integers(key, {}));
    node.attributes.erase(key);
  }
}

}  // namespace

GraphOpFamily slice_graph_op() {
  return {{.type = "Slice",
           .since = 1,
           .max_inputs = 5,
           .attributes = {"axes", "ends", "starts"},
           .normalize = normalize_slice,
           .infer_shape = infer_slice,
           .evaluate = ops::evaluate_floatop,
           .moved_inputs = 1,
           .to_onnx = slice_to_onnx}};
}

}  // namespace gradus
