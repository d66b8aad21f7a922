#include "gradus/qdq/to_qdq.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/graph/fused.h"
#include "gradus/graph/op.h"
#include "gradus/qdq/lifter.h"
#include "gradus/qdq/linear_qdq.h"

namespace gradus {
namespace {

using qdq::CodeSpan;

std::size_t index(std::int32_t id) { return static_cast<std::size_t>(id); }

// The type that holds codes of a grid, and whether a Clip must keep them to it.
struct Storage {
  DType dtype = DType::kUint8;
  bool clipped = false;
  CodeSpan span;
};

Storage storage_of(const QuantizerSpec& spec, QdqFormat format, bool constant) {
  const Grid grid = spec.grid();
  Storage storage;
  storage.span = {grid.quant_min, grid.quant_max};
  const bool packed = constant && format == QdqFormat::kPacked;
  // Constants keep to their grid by themselves; a Clip tells how many bits they have.
  const bool whole = !spec.narrow_range || constant;
  if (packed && spec.bits == 4) {
    storage.dtype = spec.is_signed ? DType::kInt4 : DType::kUint4;
  } else if (packed && (spec.bits == 2 || grid.binary)) {
    storage.dtype = spec.is_signed ? DType::kInt2 : DType::kUint2;
  } else {
    storage.dtype = spec.is_signed ? DType::kInt8 : DType::kUint8;
    storage.clipped = spec.bits < 8 || !whole;
  }
  return storage;
}

Tensor code_tensor(DType dtype, Shape shape, const std::vector<std::int32_t>& codes) {
  Tensor tensor(dtype, std::move(shape));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    tensor.bytes()[i] = static_cast<std::byte>(codes[i]);
  }
  return tensor;
}

template <typename T>
bool all_same(const std::vector<T>& items) {
  return std::all_of(items.begin(), items.end(), [&](const T& item) { return item == items[0]; });
}

class Writer {
 public:
  Writer(const Graph& prepared, QdqFormat format) : format_(format), graph_(prepared) {
    for (const Value& value : graph_.values) value_names_.insert(value.name);
    for (const Node& node : graph_.nodes) node_names_.insert(node.name);
    for (const Value& value : graph_.values) {
      if (value.quantizer == kNoQuantizer) continue;
      if (!graph_.quantizers.at(index(value.quantizer)).parameters.scale.empty()) continue;
      throw Error(ErrorCode::kInvalidArgument,
                  "the quantizer of '" + value.name +
                      "' has no range yet; expected a calibrated network: run gradus quantize");
    }
  }

  QdqGraph run() {
    std::vector<Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    dequantized_.assign(graph_.values.size(), kNoValue);
    for (ValueId id : graph_.inputs) quantize(id, id);
    for (Node& node : nodes) write(std::move(node));
    for (Value& value : graph_.values) value.quantizer = kNoQuantizer;
    graph_.quantizers.clear();
    graph_.remove_dead();
    graph_.verify();
    return {std::move(graph_), opset_};
  }

 private:
  ValueId add_value(Value value) {
    const std::string base = value.name;
    for (int suffix = 1; !value_names_.insert(value.name).second; ++suffix) {
      value.name = base + "_" + std::to_string(suffix);
    }
    graph_.values.push_back(std::move(value));
    dequantized_.resize(graph_.values.size(), kNoValue);
    return static_cast<ValueId>(graph_.values.size() - 1);
  }

  ValueId add_constant(const std::string& name, Tensor tensor) {
    Value value;
    value.name = name;
    value.dtype = tensor.dtype();
    value.shape = tensor.shape();
    value.constant = std::move(tensor);
    return add_value(std::move(value));
  }

  // A value of the shape of `like`.
  ValueId add_like(ValueId like, const std::string& suffix, DType dtype = DType::kFloat32) {
    Value value;
    value.name = graph_.value(like).name + suffix;
    value.dtype = dtype;
    value.shape = graph_.value(like).shape;
    return add_value(std::move(value));
  }

  void add_node(const std::string& base, const std::string& op, std::vector<ValueId> inputs,
                ValueId output, std::map<std::string, Attribute> attributes = {}) {
    std::string name = base + "." + op;
    for (int suffix = 1; !node_names_.insert(name).second; ++suffix) {
      name = base + "." + op + "_" + std::to_string(suffix);
    }
    graph_.nodes.push_back({name, op, std::move(inputs), {output}, std::move(attributes)});
  }

  // ONNX Runtime (1.31) fails to optimise a DequantizeLinear of 2 bits before a convolution; behind
  // a Cast it folds the weights to 8 bits when it loads the file, where they are packed.
  ValueId widened(const std::string& name, ValueId codes, DType* dtype) {
    if (*dtype != DType::kInt2 && *dtype != DType::kUint2) return codes;
    const bool is_signed = *dtype == DType::kInt2;
    *dtype = is_signed ? DType::kInt8 : DType::kUint8;
    const ValueId wide = add_like(codes, ".wide", *dtype);
    add_node(name, "Cast", {codes}, wide, {{"to", std::int64_t{is_signed ? 3 : 2}}});
    return wide;
  }

  ValueId add_code(const std::string& name, DType dtype, std::int32_t code) {
    return add_constant(name, code_tensor(dtype, {}, {code}));
  }

  ValueId clip(const std::string& name, ValueId codes, const Storage& storage) {
    if (!storage.clipped) return codes;
    const ValueId clipped = add_like(codes, ".clipped", storage.dtype);
    add_node(name, "Clip",
             {codes, add_code(name + ".low", storage.dtype, storage.span.low),
              add_code(name + ".high", storage.dtype, storage.span.high)},
             clipped);
    return clipped;
  }

  void use(DType dtype) {
    if (dtype == DType::kInt4 || dtype == DType::kUint4) opset_ = std::max(opset_, 21);
    if (dtype == DType::kInt2 || dtype == DType::kUint2) opset_ = std::max(opset_, 25);
  }

  // Rounds `real` by the quantizer of `id`, if it has one. Readers of `id` get the result, whose
  // name is that of `id` where it leaves the network.
  void quantize(ValueId id, ValueId real) {
    const QuantizerId quantizer = graph_.value(id).quantizer;
    if (quantizer == kNoQuantizer) return;
    const Quantizer made = graph_.quantizers.at(index(quantizer));
    const std::string name = graph_.value(id).name;
    if (made.spec.grid().binary) {
      throw Error(ErrorCode::kUnsupported,
                  "value '" + name +
                      "' is rounded to -1 and 1; ONNX has no such codes for values "
                      "that are computed: give it 2 bits");
    }
    const Storage storage = storage_of(made.spec, format_, false);
    use(storage.dtype);
    const float scale = made.parameters.scale.at(0);
    const ValueId scale_id =
        add_constant(name + ".scale", Tensor::from<float>({}, std::span(&scale, 1)));
    const ValueId zero =
        add_code(name + ".zero_point", storage.dtype, made.parameters.zero_point.at(0));
    const ValueId codes = add_like(id, ".codes", storage.dtype);
    add_node(name, "QuantizeLinear", {real, scale_id, zero}, codes);
    const ValueId kept = clip(name, codes, storage);
    const ValueId result = real != id ? id : add_like(id, ".dequantized");
    add_node(name, "DequantizeLinear", {kept, scale_id, zero}, result);
    dequantized_[index(id)] = result;
  }

  // Integers as the constant that they stand for, dequantized along axis 0.
  ValueId dequantize(const std::string& name, Tensor codes, const std::vector<float>& scales,
                     const std::vector<std::int32_t>& zero_points, const Storage& storage) {
    use(codes.dtype());
    const bool one = all_same(scales) && all_same(zero_points);
    const Shape shape = one ? Shape{} : Shape{std::ssize(scales)};
    const std::size_t count = one ? 1 : scales.size();
    DType dtype = codes.dtype();
    const Shape whole = codes.shape();
    const ValueId stored = add_constant(name + ".codes", std::move(codes));
    std::vector<ValueId> inputs = {
        clip(name, widened(name, stored, &dtype), storage),
        add_constant(name + ".scale", Tensor::from<float>(shape, std::span(scales).first(count)))};
    // int32 has no zero point but 0.
    if (dtype != DType::kInt32) {
      const std::vector<std::int32_t> zeros(
          zero_points.begin(), zero_points.begin() + static_cast<std::ptrdiff_t>(count));
      inputs.push_back(add_constant(name + ".zero_point", code_tensor(dtype, shape, zeros)));
    }
    Value value;
    value.name = name + ".dequantized";
    value.shape = whole;
    const ValueId result = add_value(std::move(value));
    std::map<std::string, Attribute> attributes;
    if (!one) attributes["axis"] = std::int64_t{0};
    add_node(name, "DequantizeLinear", std::move(inputs), result, std::move(attributes));
    return result;
  }

  void write_integers(Node& node) {
    qdq::LinearQdq linear = qdq::linear_qdq(graph_, node);
    const Value weights = graph_.value(node.inputs[1]);
    const Storage storage = storage_of(linear.spec, format_, true);
    const auto channels = std::ssize(linear.bias);
    const bool has_bias = !linear.bias.empty();
    const std::string bias_name =
        node.input(2) == kNoValue ? node.name + ".bias" : graph_.value(node.inputs[2]).name;
    node.inputs = {
        node.inputs[0],
        dequantize(weights.name, code_tensor(storage.dtype, *weights.shape, linear.codes),
                   linear.scale, linear.zero_point, storage)};
    if (!has_bias) return;
    node.inputs.push_back(dequantize(
        bias_name, Tensor::from<std::int32_t>({channels}, linear.bias), linear.bias_scale,
        std::vector<std::int32_t>(linear.bias.size()), {DType::kInt32, false, {}}));
  }

  // A layer that reads floats: its weights are floats too, rounded if they have a quantizer.
  void write_floats(Node& node) {
    const qdq::LinearFloat linear = qdq::linear_float(graph_, node);
    const Value weights = graph_.value(node.inputs[1]);
    const std::string bias_name =
        node.input(2) == kNoValue ? node.name + ".bias" : graph_.value(node.inputs[2]).name;
    node.inputs = {node.inputs[0],
                   add_constant(weights.name, Tensor::from<float>(*weights.shape, linear.weights))};
    if (linear.bias.empty()) return;
    node.inputs.push_back(
        add_constant(bias_name, Tensor::from<float>({std::ssize(linear.bias)}, linear.bias)));
  }

  void write(Node node) {
    if (find_graph_op(node.op) == nullptr) qdq::refuse(node, "has no form in ONNX");
    const Clamp clamp = fused_clamp(node);
    if (node.op == "Conv" || node.op == "Gemm") {
      const bool integers = graph_.value(node.inputs[0]).quantizer != kNoQuantizer &&
                            graph_.value(node.inputs[1]).quantizer != kNoQuantizer;
      integers ? write_integers(node) : write_floats(node);
    }
    for (const char* key : {"activation_min", "activation_max", "bn_epsilon", "bn_momentum",
                            "from_batch_norm", "inner", "unmapped"}) {
      node.attributes.erase(key);
    }
    for (ValueId& id : node.inputs) {
      if (id != kNoValue && dequantized_[index(id)] != kNoValue) id = dequantized_[index(id)];
    }
    const ValueId output = node.outputs[0];
    const bool leaves = graph_.is_output(output) && graph_.value(output).quantizer != kNoQuantizer;
    ValueId real = leaves ? add_like(output, ".real") : output;
    node.outputs[0] = clamp.any() ? add_like(output, ".unclamped") : real;
    const ValueId made = node.outputs[0];
    const std::string name = node.name;
    graph_.nodes.push_back(std::move(node));
    if (clamp.any()) write_clamp(name, clamp, made, real);
    for (ValueId id : graph_.nodes.back().outputs) {
      if (id == real) quantize(output, real);
    }
  }

  void write_clamp(const std::string& name, Clamp clamp, ValueId from, ValueId to) {
    if (clamp.min == 0.0f && std::isinf(clamp.max)) return add_node(name, "Relu", {from}, to);
    std::map<std::string, Attribute> bounds;
    if (!std::isinf(clamp.min)) bounds["min"] = clamp.min;
    if (!std::isinf(clamp.max)) bounds["max"] = clamp.max;
    add_node(name, "Clip", {from}, to, std::move(bounds));
  }

  QdqFormat format_;
  Graph graph_;
  int opset_ = 13;
  std::vector<ValueId> dequantized_;  // of each value: what its readers read instead; or kNoValue
  std::unordered_set<std::string> value_names_;
  std::unordered_set<std::string> node_names_;
};

}  // namespace

QdqFormat qdq_format_from_name(const std::string& name) {
  if (name == "qdq") return QdqFormat::kPacked;
  if (name == "qcdq") return QdqFormat::kBytes;
  throw Error(ErrorCode::kInvalidArgument, "format is '" + name + "'; expected qdq or qcdq");
}

QdqGraph to_qdq(const Graph& prepared, QdqFormat format) { return Writer(prepared, format).run(); }

}  // namespace gradus
