#include <set>
#include <string>

#include "gradus/base/error.h"
#include "gradus/graph/normalizer.h"

namespace gradus {
namespace {

// One error for all of them, so that the user need not find them one by one.
void refuse_unknown_operators(const Graph& graph, int opset) {
  std::set<std::string> named;
  std::string list;
  for (const auto& node : graph.nodes) {
    if (is_known_operator(node, opset) || !named.insert(node.op).second) continue;
    if (named.size() > 20) continue;
    list += (list.empty() ? "" : ", ") + node.op + " (node '" + node.name + "')";
  }
  if (named.size() > 20) list += " and " + std::to_string(named.size() - 20) + " more";
  if (!named.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "operators that gradus does not compute: " + list +
                    "; replace them in the network, or cut it before them");
  }
}

}  // namespace

void normalize(Graph& graph, const NormalizeOptions& options) {
  refuse_unknown_operators(graph, options.opset);
  graph.sort();
  ErrorSink errors;
  Normalizer(graph, options, errors).run();
  graph.verify();
}

}  // namespace gradus
