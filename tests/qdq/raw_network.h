// Quantized networks as the importer hands them on, made node by node; and the formulas of ONNX:
//   code = clamp(rint(x / scale) + zero_point); of a product of codes
//   code = clamp(rint(float(acc) * (x_scale * w_scale / y_scale)) + y_zero_point)
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/convert/convert.h"
#include "gradus/graph/normal_form.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qdq/lift.h"
#include "gradus/runtime/reference.h"

namespace gradus::testing_raw {

using Ints = std::vector<std::int32_t>;
using Floats = std::vector<float>;
using Names = std::vector<std::string>;

// A graph of ONNX nodes by names, as the importer makes it: "" for what is left out.
class Raw {
 public:
  Graph graph;

  Raw& input(const std::string& name, Shape shape, DType dtype = DType::kFloat32) {
    graph.inputs.push_back(id(name));
    Value& value = graph.value(id(name));
    value.shape = std::move(shape);
    value.dtype = dtype;
    return *this;
  }
  Raw& floats(const std::string& name, Shape shape, const Floats& values) {
    return constant(name, Tensor::from<float>(std::move(shape), values));
  }
  Raw& codes(const std::string& name, Shape shape, DType dtype, const Ints& values) {
    Tensor tensor(dtype, std::move(shape));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (dtype == DType::kInt32) {
        tensor.as<std::int32_t>()[i] = values[i];
      } else {
        tensor.bytes()[i] = static_cast<std::byte>(values[i]);
      }
    }
    return constant(name, std::move(tensor));
  }
  Raw& node(const std::string& op, const Names& inputs, const std::string& output,
            std::map<std::string, Attribute> attributes = {}) {
    Node made;
    made.name = output + "_node";
    made.op = op;
    for (const auto& name : inputs) made.inputs.push_back(name.empty() ? kNoValue : id(name));
    made.outputs = {id(output)};
    made.attributes = std::move(attributes);
    graph.nodes.push_back(std::move(made));
    return *this;
  }
  Raw& output(const std::string& name) {
    graph.outputs.push_back(id(name));
    return *this;
  }
  // Scale and zero point under the names <name>_s and <name>_z.
  Raw& grid(const std::string& name, float scale, std::int32_t zero, DType dtype) {
    return floats(name + "_s", {}, {scale}).codes(name + "_z", {}, dtype, {zero});
  }

 private:
  Raw& constant(const std::string& name, Tensor tensor) {
    Value& value = graph.value(id(name));
    value.dtype = tensor.dtype();
    value.shape = tensor.shape();
    value.constant = std::move(tensor);
    return *this;
  }
  ValueId id(const std::string& name) {
    for (std::size_t i = 0; i < graph.values.size(); ++i) {
      if (graph.values[i].name == name) return static_cast<ValueId>(i);
    }
    Value value;
    value.name = name;
    return graph.add_value(std::move(value));
  }
};

inline Graph prepared(const Raw& raw, int opset = 21) {
  Graph graph = raw.graph;
  const IntegerConstants integers = lift_quantized(graph);
  normalize(graph, {opset, 0});
  prepare_quantized(graph, integers);
  return graph;
}

// All of it in integers.
inline QModel converted(const Raw& raw, int opset = 21) {
  ConvertOptions options;
  options.islands = false;
  return convert(prepared(raw, opset), options);
}

inline Floats run(const QModel& model, const Floats& image) {
  return run_reference(model, image, 1)[static_cast<std::size_t>(model.outputs.at(0))].values;
}

inline std::int32_t rounded(float x, float scale, std::int32_t zero, std::int32_t low,
                            std::int32_t high) {
  const double code = std::nearbyint(static_cast<double>(x / scale)) + zero;
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(low), static_cast<double>(high)));
}

inline std::int32_t requantized(std::int32_t acc, float multiplier, std::int32_t zero,
                                std::int32_t low, std::int32_t high) {
  const float product = static_cast<float>(acc) * multiplier;
  const double code = std::nearbyint(static_cast<double>(product)) + zero;
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(low), static_cast<double>(high)));
}

inline Floats picture(std::size_t size, std::uint64_t seed = 1) {
  Rng rng(seed);
  Floats image(size);
  for (float& x : image) x = rng.uniform(-2.0f, 2.0f);
  return image;
}

inline Ints random_codes(std::size_t size, std::int32_t low, std::int32_t high,
                         std::uint64_t seed = 2) {
  Rng rng(seed);
  Ints codes(size);
  for (auto& code : codes) {
    code = low + static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  return codes;
}

struct Type {
  DType dtype;
  std::int32_t low, high;
};
inline constexpr Type kTypes[] = {{DType::kInt8, -128, 127}, {DType::kUint8, 0, 255},
                                  {DType::kInt4, -8, 7},     {DType::kUint4, 0, 15},
                                  {DType::kInt2, -2, 1},     {DType::kUint2, 0, 3}};

}  // namespace gradus::testing_raw
