#include "gradus/checkpoint/graph_state.h"

#include <cmath>
#include <set>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::int64_t kSpecFields = 6;

[[noreturn]] void refuse(const std::string& where, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile,
              where + ": " + text + "; expected the state of this network and recipe");
}

bool is_state(const Value& value) {
  return value.constant && value.constant->dtype() == DType::kFloat32;
}

// For each quantizer, the least name of the values that carry it; empty where none does. Not the
// first value's: their order is another one once the network was written and read again.
std::vector<std::string> quantizer_names(const Graph& graph) {
  std::vector<std::string> names(graph.quantizers.size());
  for (const Value& value : graph.values) {
    if (value.quantizer == kNoQuantizer) continue;
    std::string& name = names[static_cast<std::size_t>(value.quantizer)];
    const std::string own = "quantizer/" + value.name;
    if (name.empty() || own < name) name = own;
  }
  return names;
}

// Number of scales that the quantizer of the value needs.
std::int64_t scales_of(const Graph& graph, QuantizerId id) {
  const QuantizerSpec& spec = graph.quantizers[static_cast<std::size_t>(id)].spec;
  if (!spec.per_channel) return 1;
  for (const Value& value : graph.values) {
    if (value.quantizer != id) continue;
    const auto axis = static_cast<std::size_t>(spec.axis);
    check(value.constant && axis < value.constant->shape().size(),
          "a quantizer with a scale a channel is not on weights");
    return value.constant->shape()[axis];
  }
  return 1;
}

const Tensor* find(const Checkpoint& checkpoint, const std::string& name) {
  const auto found = checkpoint.tensors.find(name);
  return found == checkpoint.tensors.end() ? nullptr : &found->second;
}

const Tensor& expect(const Checkpoint& checkpoint, const std::string& name, DType dtype,
                     const Shape& shape, const std::string& where) {
  const Tensor* tensor = find(checkpoint, name);
  if (tensor == nullptr) refuse(where, "lacks tensor '" + name + "'");
  if (tensor->dtype() != dtype || tensor->shape() != shape) {
    refuse(where, "tensor '" + name + "' is " + dtype_name(tensor->dtype()) + " " +
                      to_string(tensor->shape()) + " where the network has " + dtype_name(dtype) +
                      " " + to_string(shape));
  }
  return *tensor;
}

QuantizerSpec read_spec(const Tensor& tensor, const QuantizerSpec& own, const std::string& name,
                        const std::string& where) {
  const auto fields = tensor.as<std::int32_t>();
  QuantizerSpec spec;
  spec.bits = fields[0];
  spec.is_signed = fields[1] != 0;
  spec.symmetric = fields[2] != 0;
  spec.narrow_range = fields[3] != 0;
  spec.per_channel = fields[4] != 0;
  spec.axis = fields[5];
  if (spec.bits != own.bits || spec.per_channel != own.per_channel || spec.axis != own.axis) {
    refuse(where, "'" + name + "' is of " + std::to_string(spec.bits) + " bits" +
                      (spec.per_channel ? " per channel" : " per tensor") +
                      " where the recipe has " + std::to_string(own.bits) + " bits" +
                      (own.per_channel ? " per channel" : " per tensor"));
  }
  if (spec.bits == 1 && spec.is_signed && !spec.symmetric) {
    refuse(where, "'" + name + "' has signed 1-bit codes that are not symmetric");
  }
  return spec;
}

void check_parameters(const Quantizer& quantizer, const std::string& name,
                      const std::string& where) {
  const Grid grid = quantizer.spec.grid();
  for (float scale : quantizer.parameters.scale) {
    if (!std::isfinite(scale) || !(scale > 0.0f)) {
      refuse(where, "a scale of '" + name + "' is " + std::to_string(scale));
    }
  }
  for (std::int32_t zero_point : quantizer.parameters.zero_point) {
    const bool fits = quantizer.spec.symmetric || grid.binary
                          ? zero_point == 0
                          : zero_point >= grid.quant_min && zero_point <= grid.quant_max;
    if (!fits) {
      refuse(where,
             "a zero point of '" + name + "' is " + std::to_string(zero_point) + ", off its grid");
    }
  }
}

void apply_quantizer(Graph& graph, QuantizerId id, const std::string& name,
                     const Checkpoint& checkpoint, const std::string& where) {
  Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(id)];
  const Tensor& spec = expect(checkpoint, name + "/spec", DType::kInt32, {kSpecFields}, where);
  quantizer.spec = read_spec(spec, quantizer.spec, name, where);
  quantizer.parameters = {};
  if (find(checkpoint, name + "/scale") == nullptr) return;
  const Shape shape = {scales_of(graph, id)};
  const Tensor& scale = expect(checkpoint, name + "/scale", DType::kFloat32, shape, where);
  const Tensor& zero_point = expect(checkpoint, name + "/zero_point", DType::kInt32, shape, where);
  quantizer.parameters.scale.assign(scale.as<float>().begin(), scale.as<float>().end());
  quantizer.parameters.zero_point.assign(zero_point.as<std::int32_t>().begin(),
                                         zero_point.as<std::int32_t>().end());
  check_parameters(quantizer, name, where);
}

template <typename T>
Tensor vector_tensor(const std::vector<T>& values) {
  return Tensor::from<T>({static_cast<std::int64_t>(values.size())}, values);
}

void refuse_strangers(const Graph& graph, const Checkpoint& checkpoint, const std::string& where) {
  std::set<std::string> known;
  for (const Value& value : graph.values) {
    if (is_state(value)) known.insert("graph/" + value.name);
  }
  for (const std::string& name : quantizer_names(graph)) {
    for (const char* part : {"/spec", "/scale", "/zero_point"}) known.insert(name + part);
  }
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const bool ours = name.starts_with("graph/") || name.starts_with("quantizer/");
    if (ours && !known.contains(name)) refuse(where, "has a tensor '" + name + "' too many");
  }
}

}  // namespace

Checkpoint graph_state(const Graph& graph) {
  Checkpoint state;
  for (const Value& value : graph.values) {
    if (is_state(value)) state.tensors["graph/" + value.name] = *value.constant;
  }
  const auto names = quantizer_names(graph);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    const QuantizerSpec& spec = graph.quantizers[i].spec;
    state.tensors[names[i] + "/spec"] =
        vector_tensor<std::int32_t>({spec.bits, spec.is_signed, spec.symmetric, spec.narrow_range,
                                     spec.per_channel, spec.axis});
    const QuantizationParameters& parameters = graph.quantizers[i].parameters;
    if (parameters.scale.empty()) continue;
    state.tensors[names[i] + "/scale"] = vector_tensor(parameters.scale);
    state.tensors[names[i] + "/zero_point"] = vector_tensor(parameters.zero_point);
  }
  return state;
}

void apply_graph_state(Graph& graph, const Checkpoint& checkpoint, const std::string& where) {
  refuse_strangers(graph, checkpoint, where);
  for (Value& value : graph.values) {
    if (!is_state(value)) continue;
    value.constant =
        expect(checkpoint, "graph/" + value.name, DType::kFloat32, value.constant->shape(), where);
  }
  const auto names = quantizer_names(graph);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    apply_quantizer(graph, static_cast<QuantizerId>(i), names[i], checkpoint, where);
  }
}

}  // namespace gradus
