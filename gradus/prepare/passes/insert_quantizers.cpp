// Attaches quantizers, without parameters, to the weights of every layer and to every value that
// the integer network materialises.
#include <algorithm>
#include <cmath>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/prepare/node_settings.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/quantizer_plan.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

QuantizerId add_quantizer(Graph& graph, const TensorSettings& settings, bool weights,
                          const std::string& where, ErrorSink& errors) {
  Quantizer quantizer;
  errors.attempt([&] {
    if (const std::string text = conflict(settings, weights); !text.empty()) {
      throw Error(ErrorCode::kInvalidArgument, where + ": " + text);
    }
    settings.spec().validate(where);
    quantizer.spec = settings.spec();
  });
  quantizer.estimator = settings.estimator;
  quantizer.observer = settings.observer;
  quantizer.averaging_constant = settings.averaging_constant;
  quantizer.percentile = settings.percentile;
  if (settings.range) {
    quantizer.given_min = (*settings.range)[0];
    quantizer.given_max = (*settings.range)[1];
  }
  graph.quantizers.push_back(std::move(quantizer));
  return static_cast<QuantizerId>(graph.quantizers.size() - 1);
}

// No grid has a scale for infinity, and NaN has no code.
void require_finite(const Node& node, const Value& weights) {
  const Tensor& constant = *weights.constant;
  const Tensor looked_at = constant.is_filled() ? constant.element() : constant;
  const auto values = looked_at.as<float>();
  if (std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) return;
  throw Error(ErrorCode::kInvalidFile, "node '" + node.name + "' (" + node.op + "): its weights '" +
                                           weights.name +
                                           "' hold NaN or infinity; expected numbers: export the "
                                           "network again from a sound checkpoint");
}

void quantize_weights(Graph& graph, const std::vector<NodeSettings>& settings, ErrorSink& errors) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (!is_linear(node) || settings[i].ignored || settings[i].weights.is_float()) continue;
    Value& weights = graph.value(node.inputs.at(1));
    if (!weights.constant || weights.constant->dtype() != DType::kFloat32) continue;  // an island
    errors.attempt([&] { require_finite(node, weights); });
    check(weights.quantizer == kNoQuantizer, "weights are shared between layers");
    weights.quantizer = add_quantizer(graph, settings[i].weights, true,
                                      "weights of node '" + node.name + "'", errors);
  }
}

void run(Graph& graph, const Recipe& recipe, ErrorSink& errors) {
  if (!recipe.quantize) return;
  check(graph.quantizers.empty(), "the graph already has quantizers");
  const auto unmatched = unmatched_selectors(graph, recipe);
  for (const std::string& line : unmatched) {
    if (errors.keeps()) errors.tell(Error(ErrorCode::kInvalidArgument, line));
  }
  if (!unmatched.empty() && !errors.keeps()) {
    std::string lines;
    for (const std::string& line : unmatched) lines += (lines.empty() ? "" : "\n") + line;
    throw Error(ErrorCode::kInvalidArgument, lines);
  }
  const auto settings = node_settings(graph, recipe);
  quantize_weights(graph, settings, errors);
  for (const QuantizerGroup& group : plan_quantizers(graph, settings)) {
    const std::string where = "value '" + graph.value(group.members[0]).name + "'";
    const QuantizerId id = add_quantizer(graph, group.settings, false, where, errors);
    for (ValueId member : group.members) graph.value(member).quantizer = id;
  }
}

}  // namespace

Pass insert_quantizers_prepare_pass() {
  return {"insert_quantizers", "attaches quantizers to weights and activations", run};
}

}  // namespace gradus
