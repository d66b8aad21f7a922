#include "gradus/convert/report.h"

#include <map>

#include "gradus/qmodel/cost.h"

namespace gradus {

ConvertReport make_report(const Graph& graph, const QModel& model) {
  std::map<std::string, std::string> ops;
  for (const Node& node : graph.nodes) ops[node.name] = node.op;
  ConvertReport report;
  for (const QNode& node : model.nodes) {
    const NodeCost cost = node_cost(model, node);
    if (cost.weights == 0) continue;
    const std::int64_t integer_bytes = cost.weight_bytes + cost.parameter_bytes;
    report.layers.push_back(
        {node.name, ops[node.name], cost.weight_bits, cost.float_bytes, integer_bytes});
    report.float_bytes += cost.float_bytes;
    report.integer_bytes += integer_bytes;
  }
  return report;
}

}  // namespace gradus
