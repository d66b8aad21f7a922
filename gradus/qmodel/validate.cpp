#include <algorithm>
#include <cmath>
#include <set>

#include "gradus/base/error.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/limits.h"
#include "gradus/qmodel/node_check.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, where + ": " + text);
}

std::int64_t count(const auto& items) { return static_cast<std::int64_t>(items.size()); }

// Names end up in one-line messages and tables.
bool printable(const std::string& name) {
  return count(name) <= limits::kNameBytes && std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

void check_limit(const std::string& where, const char* what, std::int64_t found,
                 std::int64_t largest) {
  if (found > largest) {
    refuse(where, "has " + std::to_string(found) + " " + what + "; expected at most " +
                      std::to_string(largest));
  }
}

void check_codes(const QTensor& tensor, const std::string& where) {
  const auto matches = [&](bool is_signed, bool narrow) {
    return tensor.grid ==
           QuantizerSpec{.bits = tensor.bits, .is_signed = is_signed, .narrow_range = narrow}
               .grid();
  };
  if (tensor.bits < 1 || tensor.bits > 8) {
    refuse(where, "bits is " + std::to_string(tensor.bits) + "; expected 1 to 8");
  }
  if (tensor.grid.binary) {
    refuse(where, "activations are on the grid {-1, +1}, which has no zero; expected one with it");
  }
  if (!matches(false, false) && !matches(true, false) && !matches(true, true)) {
    refuse(where, "the codes " + std::to_string(tensor.grid.quant_min) + ".." +
                      std::to_string(tensor.grid.quant_max) + " are no grid of " +
                      std::to_string(tensor.bits) + " bits");
  }
  if (!std::isfinite(tensor.scale) || !(tensor.scale > 0.0f)) {
    refuse(where, "scale is " + std::to_string(tensor.scale) + "; expected finite and above 0");
  }
  if (tensor.zero_point < tensor.grid.quant_min || tensor.zero_point > tensor.grid.quant_max) {
    refuse(where, "zero point " + std::to_string(tensor.zero_point) + " is not on the grid");
  }
}

void check_tensor(const QTensor& tensor, const std::string& where) {
  if (tensor.kind != QTensorKind::kFloat && tensor.kind != QTensorKind::kCodes &&
      tensor.kind != QTensorKind::kPlanes) {
    refuse(where, "kind is " + std::to_string(static_cast<int>(tensor.kind)) + "; expected 0 to 2");
  }
  for (std::int32_t extent : {tensor.height, tensor.width, tensor.channels}) {
    if (extent < 1 || extent > limits::kExtent) {
      refuse(where, "the shape is " + shape_text(tensor) + "; expected extents of 1 to " +
                        std::to_string(limits::kExtent));
    }
  }
  check_limit(where, "elements an image", elements(tensor), limits::kTensorElements);
  if (tensor.kind == QTensorKind::kCodes) check_codes(tensor, where);
}

void check_tensors(const QModel& model, const std::string& where) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const QTensor& tensor = model.tensors[i];
    const std::string here = where + ": tensor " + std::to_string(i);
    if (tensor.name.empty() || !printable(tensor.name)) {
      refuse(here, "the name is empty, too long or not printable");
    }
    if (!names.insert(tensor.name).second) refuse(here, "'" + tensor.name + "' is named twice");
    check_tensor(tensor, where + ": tensor '" + tensor.name + "'");
  }
}

void check_index(const QModel& model, std::int32_t index, const std::string& where) {
  if (index < 0 || index >= count(model.tensors)) {
    refuse(where, "tensor index " + std::to_string(index) + "; expected 0 to " +
                      std::to_string(count(model.tensors) - 1));
  }
}

// Execution order: every tensor is made once, before it is used.
void check_nodes(const QModel& model, const std::string& where, std::vector<bool>* made) {
  const auto is_made = [&](std::int32_t index) { return (*made)[static_cast<std::size_t>(index)]; };
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    const QNode& node = model.nodes[i];
    if (!printable(node.name)) {
      refuse(where, "node " + std::to_string(i) + ": the name is too long or not printable");
    }
    const std::string here = where + ": node '" + node.name + "' (" + operator_name(node.op) + ")";
    check_limit(here, "inputs", count(node.inputs), limits::kNodeInputs);
    for (std::int32_t index : node.inputs) {
      check_index(model, index, here);
      if (!is_made(index)) {
        const std::string& name = model.tensors[static_cast<std::size_t>(index)].name;
        refuse(here, "reads tensor '" + name + "' before any node makes it");
      }
    }
    check_index(model, node.output, here);
    if (is_made(node.output)) {
      const std::string& name = model.tensors[static_cast<std::size_t>(node.output)].name;
      refuse(here, "makes tensor '" + name + "', which exists already");
    }
    check_operator({model, node, where});
    (*made)[static_cast<std::size_t>(node.output)] = true;
  }
}

void check_ends(const QModel& model, const std::string& where) {
  check_index(model, model.input, where + ": input");
  const QTensor& input = model.tensors[static_cast<std::size_t>(model.input)];
  if (input.kind != QTensorKind::kFloat) {
    refuse(where, "the input '" + input.name + "' holds codes; expected floats");
  }
  if (model.outputs.empty()) refuse(where, "the model has no output");
  for (std::int32_t index : model.outputs) {
    check_index(model, index, where + ": output");
    if (index == model.input) refuse(where, "the input is also an output");
  }
}

void check_metadata(const QModel& model, const std::string& where) {
  std::int64_t bytes = 0;
  for (const auto& [key, value] : model.metadata) bytes += count(key) + count(value);
  check_limit(where, "bytes of metadata", bytes, limits::kMetadataBytes);
  check_limit(where, "entries of metadata", count(model.metadata), limits::kMetadataEntries);
}

}  // namespace

void validate(const QModel& model, const std::string& where) {
  if (!printable(model.name)) refuse(where, "the model's name is too long or not printable");
  if (model.profile != Profile::kIeee32 && model.profile != Profile::kFixed31) {
    refuse(where, "the profile is " + std::to_string(static_cast<int>(model.profile)) +
                      "; expected 0 (ieee32) or 1 (fixed31)");
  }
  check_limit(where, "tensors", count(model.tensors), limits::kTensors);
  check_limit(where, "nodes", count(model.nodes), limits::kNodes);
  check_limit(where, "outputs", count(model.outputs), limits::kOutputs);
  check_metadata(model, where);
  check_tensors(model, where);
  check_ends(model, where);
  std::vector<bool> made(model.tensors.size(), false);
  made[static_cast<std::size_t>(model.input)] = true;
  check_nodes(model, where, &made);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!made[i]) refuse(where, "no node makes tensor '" + model.tensors[i].name + "'");
  }
}

}  // namespace gradus
