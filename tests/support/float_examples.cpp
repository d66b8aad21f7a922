#include "tests/support/float_examples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

namespace gradus::testing_support {
namespace {

using floatops::AttributeValue;
using floatops::CallInput;
using floatops::FloatCall;
using floatops::InputKind;
using Integers = std::vector<std::int64_t>;
using Reals = std::vector<float>;
using Attributes = std::map<std::string, AttributeValue>;

const Shape kMap = {1, 4, 6, 8};

CallInput constant(Shape shape, Rng& rng, float low = 0.5f, float high = 1.5f) {
  CallInput input{InputKind::kConstant, std::move(shape), {}};
  input.values.resize(static_cast<std::size_t>(*element_count(input.shape)));
  for (float& value : input.values) value = rng.uniform(low, high);
  return input;
}

Attributes window(Integers kernel, Integers strides, Integers pads) {
  return {{"kernel_shape", std::move(kernel)},
          {"strides", std::move(strides)},
          {"dilations", Integers{1, 1}},
          {"pads", std::move(pads)}};
}

struct Example {
  Attributes attributes = {};
  Shape output = kMap;
  std::function<std::vector<CallInput>(Rng&)> more = [](Rng&) { return std::vector<CallInput>{}; };
};

void add_moves(std::map<std::string, Example>& all) {
  all["Identity"] = {};
  all["Reshape"] = {{}, {1, 8, 4, 6}};
  all["Flatten"] = {{}, {1, 192}};
  all["Squeeze"] = {{}, {1, 4, 48}};
  all["Unsqueeze"] = {{}, {1, 4, 6, 1, 8}};
  all["Transpose"] = {{{"perm", Integers{0, 2, 3, 1}}}, {1, 6, 8, 4}};
  all["Expand"] = {{}, kMap};
  all["Slice"] = {{{"axes", Integers{2, 3}}, {"starts", Integers{1, 2}}, {"steps", Integers{1, 2}}},
                  {1, 4, 5, 3}};
  all["Split"] = {{{"axis", std::int64_t{1}}}, kMap};
  all["Tile"] = {{{"repeats", Integers{1, 2, 1, 2}}}, {1, 8, 6, 16}};
  const AttributeValue two = std::int64_t{2};
  all["DepthToSpace"] = {{{"blocksize", two}, {"mode", "DCR"}}, {1, 1, 12, 16}};
  all["SpaceToDepth"] = {{{"blocksize", two}}, {1, 16, 3, 4}};
  all["Gather"] = {{{"axis", std::int64_t{1}}, {"indices", Integers{3, 0, 0}}}, {1, 3, 6, 8}};
  all["Pad"] = {{{"pads", Integers{0, 1, 0, 2, 0, 0, 3, 1}}, {"value", 0.25f}}, {1, 5, 9, 11}};
  all["Concat"] = {{{"axis", std::int64_t{2}}}, {1, 4, 12, 8}, [](Rng&) {
                     return std::vector{CallInput{InputKind::kData, kMap, {}}};
                   }};
}

void add_searches(std::map<std::string, Example>& all) {
  for (const char* type : {"ArgMax", "ArgMin"}) {
    all[type] = {{{"axis", std::int64_t{1}}, {"select_last_index", std::int64_t{0}}}, {1, 1, 6, 8}};
  }
}

void add_elementwise(std::map<std::string, Example>& all) {
  for (const char* type :
       {"Relu",  "Abs",   "Neg",      "Sqrt",     "Exp",       "Log",       "Ceil",
        "Floor", "Round", "Sign",     "Erf",      "Sin",       "Cos",       "Sigmoid",
        "Tanh",  "Mish",  "Softplus", "Softsign", "HardSwish", "Reciprocal"}) {
    all[type] = {};
  }
  for (const char* type : {"LeakyRelu", "Elu", "Celu", "ThresholdedRelu", "Swish"}) {
    all[type] = {{{"alpha", 0.3f}}};
  }
  all["Not"] = {};
  all["Cast"] = {{{"to", std::int64_t{7}}}};
  all["Where"] = {
      {}, kMap, [](Rng& rng) { return std::vector{constant({4, 1, 1}, rng), constant({8}, rng)}; }};
  for (const char* type :
       {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor"}) {
    all[type] = {{}, kMap, [](Rng& rng) { return std::vector{constant({4, 1, 1}, rng, -1.0f)}; }};
  }
  all["Selu"] = {{{"alpha", 1.6f}, {"gamma", 1.05f}}};
  all["HardSigmoid"] = {{{"alpha", 0.2f}, {"beta", 0.5f}}};
  all["Gelu"] = {{{"approximate", "none"}}};
  all["Clip"] = {{{"min", 0.1f}, {"max", 0.7f}}};
  for (const char* type : {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu"}) {
    all[type] = {{}, kMap, [](Rng& rng) { return std::vector{constant({4, 1, 1}, rng)}; }};
  }
}

void add_summaries(std::map<std::string, Example>& all) {
  for (const char* type : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
                           "ReduceL1", "ReduceL2", "ReduceSumSquare"}) {
    all[type] = {{{"axes", Integers{1}}, {"keepdims", std::int64_t{1}}}, {1, 1, 6, 8}};
  }
  for (const char* type : {"Softmax", "LogSoftmax"}) all[type] = {{{"axis", std::int64_t{1}}}};
  all["GlobalAveragePool"] = all["GlobalMaxPool"] = {{}, {1, 4, 1, 1}};
  all["LRN"] = {{{"size", std::int64_t{3}}, {"alpha", 0.01f}, {"beta", 0.75f}, {"bias", 1.0f}}};
  all["BatchNormalization"] = {
      {{"epsilon", 1e-5f}}, kMap, [](Rng& rng) { return std::vector(4, constant({4}, rng)); }};
  all["LayerNormalization"] = {{{"axis", std::int64_t{2}}, {"epsilon", 1e-5f}}, kMap, [](Rng& rng) {
                                 return std::vector{constant({6, 8}, rng), constant({6, 8}, rng)};
                               }};
  all["InstanceNormalization"] = {
      {{"epsilon", 1e-5f}}, kMap, [](Rng& rng) { return std::vector(2, constant({4}, rng)); }};
  all["Resize"] = {{{"mode", "cubic"},
                    {"nearest_mode", "floor"},
                    {"coordinate_transformation_mode", "half_pixel"},
                    {"antialias", std::int64_t{0}},
                    {"exclude_outside", std::int64_t{0}},
                    {"cubic_coeff_a", -0.75f},
                    {"extrapolation_value", 0.0f},
                    {"scales", Reals{1, 1, 2, 1.5f}},
                    {"roi", Reals{}}},
                   {1, 4, 12, 12}};
}

void add_windows(std::map<std::string, Example>& all) {
  all["MaxPool"] = {window({2, 3}, {2, 2}, {0, 1, 0, 1}), {1, 4, 3, 4}};
  all["AveragePool"] = {window({2, 3}, {2, 2}, {0, 1, 0, 1}), {1, 4, 3, 4}};
  all["AveragePool"].attributes["count_include_pad"] = std::int64_t{0};
  all["Conv"] = {window({3, 3}, {1, 1}, {1, 1, 1, 1}), {1, 6, 6, 8}, [](Rng& rng) {
                   return std::vector{constant({6, 2, 3, 3}, rng, -0.3f, 0.3f), constant({6}, rng)};
                 }};
  all["ConvTranspose"] = {window({2, 2}, {2, 2}, {0, 0, 0, 0}), {1, 6, 12, 16}, [](Rng& rng) {
                            return std::vector{constant({4, 3, 2, 2}, rng, -0.3f, 0.3f),
                                               constant({6}, rng)};
                          }};
  for (const char* type : {"Conv", "ConvTranspose"}) {
    all[type].attributes["group"] = std::int64_t{2};
  }
  all["MatMul"] = {
      {}, {1, 4, 6, 5}, [](Rng& rng) { return std::vector{constant({8, 5}, rng, -0.5f, 0.5f)}; }};
}

// Gemm reads a vector, not a map.
FloatCall gemm(Rng& rng) {
  FloatCall call{.type = "Gemm", .attributes = {}, .inputs = {}, .output = {1, 7}};
  call.inputs = {{InputKind::kData, {1, 192}, {}},
                 constant({7, 192}, rng, -0.1f, 0.1f),
                 {InputKind::kLeftOut, {}, {}}};
  return call;
}

}  // namespace

std::vector<std::string> float_op_types() {
  std::vector<std::string> types;
  for (const auto& family : float_ops()) {
    for (const auto& op : family) types.push_back(op.type);
  }
  std::sort(types.begin(), types.end());
  return types;
}

FloatCall example_call(const std::string& type, Rng& rng) {
  if (type == "Gemm") return gemm(rng);
  std::map<std::string, Example> all;
  add_moves(all);
  add_searches(all);
  add_elementwise(all);
  add_summaries(all);
  add_windows(all);
  const auto found = all.find(type);
  if (found == all.end()) {
    ADD_FAILURE() << type << " is in float_ops() and has no example in float_examples.cpp";
    return {};
  }
  FloatCall call;
  call.type = type;
  call.attributes = found->second.attributes;
  call.inputs = {{InputKind::kData, kMap, {}}};
  for (CallInput& input : found->second.more(rng)) call.inputs.push_back(std::move(input));
  call.output = found->second.output;
  return call;
}

}  // namespace gradus::testing_support
