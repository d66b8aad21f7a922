#include "gradus/graph/op.h"

namespace gradus {

const GraphOp* find_graph_op(const std::string& type) {
  static const std::unordered_map<std::string, const GraphOp*> by_type = [] {
    std::unordered_map<std::string, const GraphOp*> map;
    for (const auto& family : graph_ops()) {
      for (const auto& op : family) map.emplace(op.type, &op);
    }
    return map;
  }();
  const auto found = by_type.find(type);
  return found == by_type.end() ? nullptr : found->second;
}

}  // namespace gradus
