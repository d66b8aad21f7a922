// A sum, difference, product or quotient with a constant (one number, or one a channel) joins the
// Conv or Gemm before it: its weights and bias, or the gamma and beta of its batch norm.
#include <algorithm>
#include <optional>
#include <vector>

#include "gradus/graph/channel_constant.h"
#include "gradus/graph/fused.h"
#include "gradus/graph/graph_editor.h"
#include "gradus/prepare/filled_weights.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

// y[c] = gain[c] * x[c] + offset[c]
struct Affine {
  std::vector<float> gain, offset;
  bool scales = false;  // some gain is not 1
};

// Which input of a sum, difference, product or quotient is data, where the other is constant; -1 if
// none, or if the data are spread over the constant.
std::int64_t data_input(const Graph& graph, const Node& node) {
  const bool known = node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div";
  if (!known || fused_clamp(node).any()) return -1;
  const bool first = graph.value(node.inputs[0]).constant.has_value();
  if (first == graph.value(node.inputs[1]).constant.has_value()) return -1;
  if (first && node.op == "Div") return -1;
  const std::int64_t data = first ? 1 : 0;
  const auto& shape = graph.value(node.outputs[0]).shape;
  return shape && graph.value(node.inputs[first ? 1 : 0]).shape == shape ? data : -1;
}

std::optional<Affine> affine_of(const Graph& graph, const Node& node, std::int64_t data) {
  const ValueId other = node.inputs[data == 0 ? 1 : 0];
  const auto constant = channel_constant(graph, other, *graph.value(node.outputs[0]).shape);
  if (!constant) return std::nullopt;
  const bool adds = node.op == "Add" || node.op == "Sub";
  const float sign = node.op == "Sub" && data == 0 ? -1.0f : 1.0f;
  Affine affine;
  affine.scales = !adds || (node.op == "Sub" && data == 1);
  for (float k : *constant) {
    affine.gain.push_back(adds ? (node.op == "Sub" && data == 1 ? -1.0f : 1.0f)
                               : (node.op == "Mul" ? k : 1.0f / k));
    affine.offset.push_back(adds ? sign * k : 0.0f);
  }
  return affine;
}

// The layer that makes `input` for this node alone, or -1.
std::int64_t host_of(const Graph& graph, const GraphEditor& editor, ValueId input,
                     std::int64_t channels) {
  const std::int64_t found = editor.producer(input);
  if (found < 0 || editor.sole_consumer(input) < 0) return -1;
  const Node& host = graph.nodes[static_cast<std::size_t>(found)];
  if (!is_linear(host) || !graph.value(host.inputs.at(1)).constant) return -1;
  // Weights that came quantized stay the codes that they are.
  if (graph.value(host.inputs[1]).quantizer != kNoQuantizer) return -1;
  const bool fits = graph.value(host.inputs[1]).constant->shape().at(0) == channels;
  return fits && !fused_clamp(host).any() ? found : -1;
}

// values[c, ...] = values[c, ...] * gain[c] + offset[c]
void apply(Graph& graph, ValueId id, const Affine& affine, bool add_offset) {
  const auto values = graph.value(id).constant->as<float>();
  const std::size_t row = values.size() / affine.gain.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] *= affine.gain[i / row];
    if (add_offset) values[i] += affine.offset[i / row];
  }
}

void fold(Graph& graph, std::size_t host, const Affine& affine) {
  constexpr std::size_t kGamma = 3, kBeta = 4;
  if (graph.nodes[host].input(kGamma) != kNoValue) {
    apply(graph, graph.nodes[host].inputs[kGamma], affine, false);
    apply(graph, graph.nodes[host].inputs[kBeta], affine, true);
    return;
  }
  if (affine.scales) apply(graph, graph.nodes[host].inputs[1], affine, false);
  if (graph.nodes[host].input(2) == kNoValue) {
    const Shape shape = {static_cast<std::int64_t>(affine.gain.size())};
    const ValueId bias =
        graph.add_constant(graph.nodes[host].name + ".bias", Tensor(DType::kFloat32, shape));
    graph.nodes[host].inputs.resize(2);
    graph.nodes[host].inputs.push_back(bias);
  }
  apply(graph, graph.nodes[host].inputs[2], affine, true);
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  GraphEditor editor(graph);
  FilledBudget filled;
  std::int64_t channels_left = kMostChannelsTaken;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const std::int64_t data = data_input(graph, node);
    if (data < 0) continue;
    const Shape& shape = *graph.value(node.outputs[0]).shape;
    if (shape.size() < 2 || shape[1] > channels_left) continue;
    const std::int64_t host =
        host_of(graph, editor, node.inputs[static_cast<std::size_t>(data)], shape[1]);
    const auto affine = host < 0 ? std::nullopt : affine_of(graph, node, data);
    if (!affine) continue;
    const ValueId weights = graph.nodes[static_cast<std::size_t>(host)].inputs[1];
    if (affine->scales && !filled.take(*graph.value(weights).constant)) continue;
    channels_left -= shape[1];
    fold(graph, static_cast<std::size_t>(host), *affine);
    editor.absorb(static_cast<std::size_t>(host), i);
  }
  editor.finish();
}

}  // namespace

Pass fold_constants_prepare_pass() {
  return {"fold_constants", "folds sums and products with constants into the layer before", run};
}

}  // namespace gradus
