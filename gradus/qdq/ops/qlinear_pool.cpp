// Average pools on codes, of ONNX Runtime (com.microsoft).
#include "gradus/qdq/lifter.h"

namespace gradus {
namespace {

using qdq::Lifter;

void lift_pool(Lifter& lifter, const Node& node, const char* op) {
  if (node.inputs.size() < 4) qdq::invalid(node, "has less than 4 inputs");
  if (node.integer("channels_last", 0) != 0) {
    qdq::refuse(node, "has channels_last; expected [batch, channels, height, width]");
  }
  std::map<std::string, Attribute> attributes = node.attributes;
  attributes.erase("channels_last");
  const ValueId x = lifter.real(node, 0);
  lifter.set_codes(node, lifter.emit(node, op, {x}, std::move(attributes)),
                   lifter.encoding(node, 3, DType::kUint8));
}

void lift_average(Lifter& lifter, const Node& node) { lift_pool(lifter, node, "AveragePool"); }
void lift_global(Lifter& lifter, const Node& node) { lift_pool(lifter, node, "GlobalAveragePool"); }

}  // namespace

QuantizedOpFamily qlinear_pool_quantized_op() {
  return {{"com.microsoft:QLinearAveragePool", qdq::Where::kQuantized, lift_average},
          {"com.microsoft:QLinearGlobalAveragePool", qdq::Where::kQuantized, lift_global}};
}

}  // namespace gradus
