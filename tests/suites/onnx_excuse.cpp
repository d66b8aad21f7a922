#include "tests/suites/onnx_excuse.h"

#include <algorithm>
#include <set>

#include "gradus/graph/op.h"
#include "gradus/onnx/limits.h"

namespace gradus::testing_support {
namespace {

bool is_held(const onnx::InputProto& input) {
  return input.dtype && *input.dtype != DType::kFloat16 && *input.dtype != DType::kBFloat16 &&
         *input.dtype != DType::kFloat64;
}

std::int64_t integer(const onnx::NodeProto& node, const char* key, std::int64_t otherwise) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return otherwise;
  const auto* value = std::get_if<std::int64_t>(&found->second);
  return value == nullptr ? otherwise : *value;
}

std::string text(const onnx::NodeProto& node, const char* key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return "";
  const auto* value = std::get_if<std::string>(&found->second);
  return value == nullptr ? "" : *value;
}

// A window over more than two axes.
bool is_spatial_3d(const onnx::NodeProto& node) {
  const auto found = node.attributes.find("kernel_shape");
  if (found == node.attributes.end()) return false;
  const auto* list = std::get_if<std::vector<std::int64_t>>(&found->second);
  return list != nullptr && list->size() > 2;
}

std::string excuse_of_node(const onnx::NodeProto& node, const onnx::ModelProto& model,
                           std::int64_t opset) {
  const GraphOp* op = find_graph_op(node.op_type);
  if (!node.domain.empty() && node.domain != "ai.onnx") return "an operator of another domain";
  if (op == nullptr || opset < op->since) return "operator " + node.op_type;
  if (is_spatial_3d(node)) return "three spatial axes";
  if (node.op_type == "Dropout" && node.inputs.size() > 2 && !node.inputs[2].empty()) {
    return "Dropout that trains";
  }
  if (node.op_type == "BatchNormalization" && integer(node, "training_mode", 0) == 1) {
    return "BatchNormalization that trains";
  }
  if (node.op_type == "LayerNormalization" && node.outputs.size() > 1) {
    return "LayerNormalization that gives its statistics";
  }
  const bool statistics = node.op_type == "BatchNormalization" && node.outputs.size() > 1;
  if (statistics) return "BatchNormalization that trains";
  if (node.op_type == "Cast" || node.op_type == "QuantizeLinear") {
    const std::int64_t to = integer(node, node.op_type == "Cast" ? "to" : "output_dtype", 0);
    const std::set<std::int64_t> held = {0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 21, 22, 25, 26};
    if (!held.contains(to)) return "a type that is not computed";
  }
  if (text(node, "coordinate_transformation_mode") == "tf_half_pixel_for_nn") {
    return "Resize by tf_half_pixel_for_nn";
  }
  (void)model;
  return "";
}

}  // namespace

std::string excuse_of(const onnx::ModelProto& model) {
  const auto opset = model.opsets.find("");
  if (opset == model.opsets.end()) return "no opset of ai.onnx";
  if (opset->second < onnx::kLeastOpset || opset->second > onnx::kMostOpset) {
    return "an opset outside the range";
  }
  for (const auto& node : model.nodes) {
    const std::string excuse = excuse_of_node(node, model, opset->second);
    if (!excuse.empty()) return excuse;
  }
  for (const auto& input : model.inputs) {
    if (!is_held(input)) return "a type that is not computed";
    if (input.shape && input.shape->size() == 5) {
      for (const auto& node : model.nodes) {
        if (node.op_type == "GlobalMaxPool" || node.op_type == "GlobalAveragePool" ||
            node.op_type.find("Conv") != std::string::npos ||
            node.op_type.find("Pool") != std::string::npos) {
          return "three spatial axes";
        }
      }
    }
  }
  return "";
}

std::string excuse_of_file(const std::string& refusal) {
  for (const char* part : {"subgraph", "local function", "data_type", "strings"}) {
    if (refusal.find(part) != std::string::npos) return std::string("file: ") + part;
  }
  return "";
}

}  // namespace gradus::testing_support
