#include "gradus/floatops/float_op.h"

#include <unordered_map>

namespace gradus::floatops {

const FloatOp* find_float_op(const std::string& type) {
  static const std::unordered_map<std::string, const FloatOp*> by_type = [] {
    std::unordered_map<std::string, const FloatOp*> map;
    for (const auto& family : float_ops()) {
      for (const auto& op : family) map.emplace(op.type, &op);
    }
    return map;
  }();
  const auto found = by_type.find(type);
  return found == by_type.end() ? nullptr : found->second;
}

void run_float_op(const FloatOp& op, const Attributes& attributes,
                  std::span<const FloatInput> inputs, std::span<const FloatOutput> outputs) {
  if (op.run != nullptr) return op.run(attributes, inputs, outputs);
  std::vector<CellInput> from;
  for (const auto& input : inputs) {
    from.push_back({reinterpret_cast<const std::byte*>(input.data.data()), input.shape});
  }
  std::vector<CellOutput> to;
  for (const auto& output : outputs) {
    to.push_back({reinterpret_cast<std::byte*>(output.data.data()), output.shape});
  }
  op.move(attributes, sizeof(float), from, to);
}

}  // namespace gradus::floatops
