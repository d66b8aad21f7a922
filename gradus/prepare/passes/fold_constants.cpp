// A sum, difference, product or quotient with a constant (one number, or one a channel) joins the
// Conv or Gemm before it: its weights and bias, or the gamma and beta of its batch norm.
#include <algorithm>
#include <optional>
#include <vector>

#include "gradus/graph/fused.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

// y[c] = gain[c] * x[c] + offset[c]
struct Affine {
  ValueId input = kNoValue;
  std::vector<float> gain, offset;
};

std::optional<Affine> affine_of(const Graph& graph, const Node& node) {
  const bool known =
      node.op == "Add" || node.op == "Sub" || node.op == "Mul" || node.op == "Div";
  if (!known || !is_pointwise(graph, node) || fused_clamp(node).any()) return std::nullopt;
  const bool first = graph.value(node.inputs[0]).constant.has_value();
  if (first == graph.value(node.inputs[1]).constant.has_value()) return std::nullopt;
  if (first && node.op == "Div") return std::nullopt;
  const auto constant = graph.value(node.inputs[first ? 0 : 1]).constant->as<float>();
  const Shape& shape = *graph.value(node.outputs[0]).shape;
  Affine affine;
  affine.input = node.inputs[first ? 1 : 0];
  for (std::int64_t c = 0; c < shape[1]; ++c) {
    const float k = constant[constant.size() == 1 ? 0 : static_cast<std::size_t>(c)];
    const float sign = node.op == "Sub" && !first ? -1.0f : 1.0f;
    const bool adds = node.op == "Add" || node.op == "Sub";
    affine.gain.push_back(adds ? (node.op == "Sub" && first ? -1.0f : 1.0f)
                               : (node.op == "Mul" ? k : 1.0f / k));
    affine.offset.push_back(adds ? sign * k : 0.0f);
  }
  return affine;
}

// The layer that alone the affine reads from, or -1.
std::int64_t host_of(const Graph& graph, const Affine& affine) {
  const std::int64_t found = graph.producer(affine.input);
  if (found < 0 || sole_consumer(graph, affine.input) < 0) return -1;
  const Node& host = graph.nodes[static_cast<std::size_t>(found)];
  if (!is_linear(host) || !graph.value(host.inputs.at(1)).constant) return -1;
  // Weights that came quantized stay the codes that they are.
  if (graph.value(host.inputs[1]).quantizer != kNoQuantizer) return -1;
  const auto channels = static_cast<std::int64_t>(affine.gain.size());
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
  apply(graph, graph.nodes[host].inputs[1], affine, false);
  if (graph.nodes[host].input(2) == kNoValue) {
    const Shape shape = {static_cast<std::int64_t>(affine.gain.size())};
    const ValueId bias =
        graph.add_constant(graph.nodes[host].name + ".bias", Tensor(DType::kFloat32, shape));
    graph.nodes[host].inputs.resize(2);
    graph.nodes[host].inputs.push_back(bias);
  }
  apply(graph, graph.nodes[host].inputs[2], affine, true);
}

void run(Graph& graph, const Recipe&) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto affine = affine_of(graph, graph.nodes[i]);
    if (!affine) continue;
    const std::int64_t host = host_of(graph, *affine);
    if (host < 0) continue;
    fold(graph, static_cast<std::size_t>(host), *affine);
    absorb(graph, static_cast<std::size_t>(host), i);
    --i;
  }
}

}  // namespace

Pass fold_constants_prepare_pass() {
  return {"fold_constants", "folds sums and products with constants into the layer before", run};
}

}  // namespace gradus
