#include "gradus/convert/convert.h"

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/convert/lowering.h"
#include "gradus/convert/report.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

std::string graph_name(const Graph& graph) { return "network '" + graph.name + "'"; }

void require_quantizers(const Graph& graph) {
  if (graph.quantizers.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                graph_name(graph) +
                    ": has no quantizers; expected a network that gradus quantize or "
                    "gradus train has quantized");
  }
  for (const Value& value : graph.values) {
    if (value.quantizer == kNoQuantizer) continue;
    if (graph.quantizers[static_cast<std::size_t>(value.quantizer)].parameters.scale.empty()) {
      throw Error(ErrorCode::kInvalidArgument,
                  graph_name(graph) + ": the quantizer of '" + value.name +
                      "' has no range yet; expected a calibrated network: run gradus quantize");
    }
  }
}

[[noreturn]] void refuse_islands(const std::vector<Island>& found) {
  const Island& first = found[0];
  if (!first.refusal.empty()) throw Error(ErrorCode::kUnsupported, first.refusal);
  std::string text = "node '" + first.node + "' (" + first.op + ", " + to_string(first.shape) +
                     "): " + first.reason + "; " + first.remedy;
  if (found.size() > 1) {
    text += " (and " + std::to_string(found.size() - 1) + " more: see gradus check)";
  }
  throw Error(ErrorCode::kUnsupported, text);
}

void require_integers(const Graph& graph, bool allow_islands) {
  const std::vector<Island> found = islands(graph);
  const bool any_codes = std::any_of(graph.values.begin(), graph.values.end(), [](const Value& v) {
    return !v.constant && v.quantizer != kNoQuantizer;
  });
  if (!found.empty() && !(allow_islands && any_codes)) refuse_islands(found);
  for (const Island& island : found) {
    if (!island.refusal.empty()) refuse_islands({island});
  }
  if (graph.inputs.size() != 1) {
    throw Error(ErrorCode::kUnsupported, graph_name(graph) + ": has " +
                                             std::to_string(graph.inputs.size()) +
                                             " inputs; expected one");
  }
}

}  // namespace

QModel convert(const Graph& graph, const ConvertOptions& options, ConvertReport* report) {
  require_quantizers(graph);
  require_integers(graph, options.islands);
  QModel model;
  model.name = graph.name;
  model.profile = options.profile;
  model.metadata = options.metadata;
  LoweringContext context(graph, model);
  context.add_input(graph.inputs[0]);
  for (const Node& node : graph.nodes) {
    if (!runs_in_integers(graph, node) && !context.passes_on_float(node)) {
      context.emit_island(node);
      continue;
    }
    if (is_inner(node)) continue;
    const IntegerOp* op = find_integer_op(graph, node);
    const Lowering* lowering = op == nullptr ? nullptr : find_lowering(op->op);
    check(lowering != nullptr, "every operator with an integer form has a lowering");
    lowering->lower(context, node);
  }
  for (ValueId id : graph.outputs) context.add_output(id);
  try {
    validate(model, graph_name(graph));
  } catch (const Error& error) {
    // What the graph asked for is beyond the integer network: no file is malformed.
    throw Error(ErrorCode::kUnsupported, error.what());
  }
  if (report != nullptr) *report = make_report(graph, model);
  return model;
}

}  // namespace gradus
