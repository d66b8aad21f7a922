// Batch norm joins the Conv or Gemm before it: attached as inputs 3..6 (separate, and float
// training), or folded into its weights and bias (fold). One that stands alone becomes a depthwise
// 1x1 Conv with unit weights first: every grid holds them exactly.
#include <cmath>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/graph/fused.h"
#include "gradus/graph/graph_editor.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/filled_weights.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

constexpr std::size_t kGamma = 3;  // first of the batch norm's four inputs in a Conv or Gemm

// The linear node whose output this batch norm alone reads, or -1.
std::int64_t host_of(const Graph& graph, const GraphEditor& editor, const Node& norm) {
  const std::int64_t found = editor.producer(norm.inputs.at(0));
  if (found < 0 || editor.sole_consumer(norm.inputs[0]) < 0) return -1;
  const Node& host = graph.nodes[static_cast<std::size_t>(found)];
  const bool constant = host.inputs.size() > 1 && graph.value(host.inputs[1]).constant;
  return is_linear(host) && constant && host.input(kGamma) == kNoValue ? found : -1;
}

bool is_map(const Graph& graph, ValueId id) {
  const auto& shape = graph.value(id).shape;
  return shape && shape->size() == 4;
}

// In place of a batch norm that stands alone: a Conv that copies its input, with the batch norm
// attached.
Node unit_conv(Graph& graph, const Node& norm) {
  const Value& gamma = graph.value(norm.inputs.at(1));
  const std::int64_t channels = gamma.constant ? gamma.constant->size() : 0;
  if (channels == 0) refuse_node(norm, "its scale is no constant; expected one");
  const float one = 1.0f;
  const Tensor ones = Tensor::filled(Tensor::from<float>({}, {&one, 1}), {channels, 1, 1, 1});
  Node conv;
  conv.name = norm.name + ".unit";
  conv.op = "Conv";
  conv.inputs = {norm.inputs[0], graph.add_constant(conv.name + ".weight", ones)};
  conv.outputs = {norm.outputs.at(0)};
  conv.attributes["group"] = channels;
  conv.attributes["kernel_shape"] = std::vector<std::int64_t>{1, 1};
  conv.attributes["strides"] = std::vector<std::int64_t>{1, 1};
  conv.attributes["dilations"] = std::vector<std::int64_t>{1, 1};
  conv.attributes["pads"] = std::vector<std::int64_t>{0, 0, 0, 0};
  conv.attributes["from_batch_norm"] = std::int64_t{1};
  return conv;
}

void attach(Node& host, const Node& norm) {
  if (norm.integer("training_mode", 0) != 0) {
    refuse_node(norm, "training_mode is 1; expected 0: export the network for inference");
  }
  host.inputs.resize(kGamma, kNoValue);
  for (std::size_t i = 1; i <= 4; ++i) host.inputs.push_back(norm.inputs.at(i));
  host.attributes["bn_epsilon"] = norm.real("epsilon", 1e-5f);
  host.attributes["bn_momentum"] = norm.real("momentum", 0.9f);
}

double gain_of(const Node& node, const LinearConstants& c, std::size_t channel) {
  const double variance = static_cast<double>(c.variance->constant->as<float>()[channel]);
  const double gain = static_cast<double>(c.gamma->constant->as<float>()[channel]) /
                      std::sqrt(variance + static_cast<double>(c.epsilon));
  if (!std::isfinite(gain)) {
    refuse_node(node, "the batch norm's channel " + std::to_string(channel) + " has variance " +
                          std::to_string(variance) + "; expected one above 0");
  }
  return gain;
}

// y = gain * (w x + b - mean) + beta: double arithmetic, each weight and bias rounded once.
void fold(Graph& graph, Node& node, FilledBudget& filled) {
  const LinearConstants c = linear_constants(graph, node);
  if (!filled.take(*c.weights->constant)) {
    refuse_node(node, "its weights are one number " + std::to_string(c.weights->constant->size()) +
                          " times, too many to fold a batch norm into; expected trained weights");
  }
  const auto channels = static_cast<std::size_t>(c.gamma->constant->size());
  std::vector<double> gain(channels);
  std::vector<float> bias(channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    gain[channel] = gain_of(node, c, channel);
    const double before =
        c.bias ? static_cast<double>(c.bias->constant->as<float>()[channel]) : 0.0;
    const double mean = static_cast<double>(c.mean->constant->as<float>()[channel]);
    const double beta = static_cast<double>(c.beta->constant->as<float>()[channel]);
    bias[channel] = static_cast<float>((before - mean) * gain[channel] + beta);
  }
  const auto weights = graph.value(node.inputs[1]).constant->as<float>();
  const std::size_t taps = weights.size() / channels;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(static_cast<double>(weights[i]) * gain[i / taps]);
  }
  const Tensor folded = Tensor::from<float>({static_cast<std::int64_t>(channels)}, bias);
  ValueId bias_id = node.inputs[2];
  if (bias_id == kNoValue) bias_id = graph.add_constant(node.name + ".bias", folded);
  graph.value(bias_id).constant = folded;
  node.inputs = {node.inputs[0], node.inputs[1], bias_id};
  node.attributes.erase("bn_epsilon");
  node.attributes.erase("bn_momentum");
}

void check_lengths(const Graph& graph, const Node& node) {
  const LinearConstants c = linear_constants(graph, node);
  const std::int64_t channels = c.weights->constant->shape().at(0);
  for (const Value* value : {c.bias, c.gamma, c.beta, c.mean, c.variance}) {
    if (value != nullptr && value->constant->size() != channels) {
      refuse_node(node, "'" + value->name + "' has " + std::to_string(value->constant->size()) +
                            " entries; expected one for each of " + std::to_string(channels) +
                            " output channels");
    }
  }
}

void run(Graph& graph, const Recipe& recipe, ErrorSink& errors) {
  GraphEditor editor(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node norm = graph.nodes[i];
    if (norm.op != "BatchNormalization") continue;
    const std::int64_t host = host_of(graph, editor, norm);
    if (host < 0 && !is_map(graph, norm.inputs.at(0))) continue;  // stays, in float
    errors.attempt([&] {
      Node joined = host < 0 ? unit_conv(graph, norm) : graph.nodes[static_cast<std::size_t>(host)];
      attach(joined, norm);
      check_lengths(graph, joined);
      if (host < 0) {
        graph.nodes[i] = std::move(joined);
        return;
      }
      editor.absorb(static_cast<std::size_t>(host), i);
      joined.outputs = norm.outputs;
      graph.nodes[static_cast<std::size_t>(host)] = std::move(joined);
    });
  }
  editor.finish();
  if (!recipe.quantize || recipe.bn != BatchNormMode::kFold) return;
  FilledBudget filled;
  for (Node& node : graph.nodes) {
    if (!is_linear(node) || node.input(kGamma) == kNoValue) continue;
    errors.attempt([&] { fold(graph, node, filled); });
  }
}

}  // namespace

Pass fold_batch_norm_prepare_pass() {
  return {"fold_batch_norm", "attaches or folds batch norm to the layer before it", run};
}

}  // namespace gradus
