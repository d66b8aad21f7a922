#include "gradus/qmodel/qmodel.h"

#include <array>

#include "gradus/qmodel/geometry.h"

namespace gradus {
namespace {

// In the order of QOperator.
constexpr std::array kNames = {"quantize", "conv",     "fully_connected", "add",    "pool",
                               "concat",   "rescale",  "dequantize",      "slice",  "pad",
                               "flatten",  "multiply", "lookup",          "gather", "island"};
static_assert(kNames.size() == std::variant_size_v<QOperator>);

}  // namespace

const char* operator_name(const QOperator& op) noexcept { return kNames[op.index()]; }

std::string shape_text(const QTensor& tensor) {
  return std::to_string(tensor.height) + "x" + std::to_string(tensor.width) + "x" +
         std::to_string(tensor.channels);
}

}  // namespace gradus
