#include "gradus/graph/builder.h"

#include <cmath>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/graph/shape_inference.h"

namespace gradus {
namespace {

using Integers = std::vector<std::int64_t>;

}  // namespace

GraphBuilder::GraphBuilder(std::string name, std::uint64_t seed) : rng_(seed) {
  graph_.name = std::move(name);
}

ValueId GraphBuilder::input(const std::string& name, Shape shape) {
  check(!shape.empty() && shape[0] == -1, "an input begins with the batch");
  Value value;
  value.name = name;
  value.shape = std::move(shape);
  graph_.inputs.push_back(graph_.add_value(std::move(value)));
  return graph_.inputs.back();
}

ValueId GraphBuilder::conv(const std::string& name, ValueId x, std::int64_t out,
                           const ConvOptions& options) {
  const std::int64_t k = options.kernel;
  const Shape weights{out, shape(x).at(1) / options.groups, k, k};
  const auto deviation = static_cast<float>(std::sqrt(2.0 / static_cast<double>(out * k * k)));
  std::vector<float> values(static_cast<std::size_t>(*element_count(weights)));
  for (float& value : values) value = deviation * rng_.normal();
  const ValueId w = constant(name + ".weight", weights, std::move(values));
  const std::int64_t p = options.padding;
  std::vector<ValueId> inputs = {x, w};
  if (options.bias) inputs.push_back(constant_of(name + ".bias", out, 0.0f));
  return node(name, "Conv", std::move(inputs),
              {{"kernel_shape", Integers{k, k}},
               {"strides", Integers{options.stride, options.stride}},
               {"dilations", Integers{1, 1}},
               {"pads", Integers{p, p, p, p}},
               {"group", options.groups}});
}

ValueId GraphBuilder::batch_norm(const std::string& name, ValueId x) {
  const std::int64_t channels = shape(x).at(1);
  const ValueId gamma = constant_of(name + ".weight", channels, 1.0f);
  const ValueId beta = constant_of(name + ".bias", channels, 0.0f);
  const ValueId mean = constant_of(name + ".running_mean", channels, 0.0f);
  const ValueId variance = constant_of(name + ".running_var", channels, 1.0f);
  return node(name, "BatchNormalization", {x, gamma, beta, mean, variance},
              {{"epsilon", 1e-5f}, {"momentum", 0.9f}});
}

ValueId GraphBuilder::linear(const std::string& name, ValueId x, std::int64_t out) {
  const std::int64_t in = shape(x).at(1);
  const auto limit = static_cast<float>(1.0 / std::sqrt(static_cast<double>(in)));
  std::vector<float> values(static_cast<std::size_t>(out * in));
  for (float& value : values) value = rng_.uniform(-limit, limit);
  const ValueId w = constant(name + ".weight", {out, in}, std::move(values));
  const ValueId bias = constant_of(name + ".bias", out, 0.0f);
  return node(
      name, "Gemm", {x, w, bias},
      {{"alpha", 1.0f}, {"beta", 1.0f}, {"transA", std::int64_t{0}}, {"transB", std::int64_t{1}}});
}

ValueId GraphBuilder::relu(const std::string& name, ValueId x) { return node(name, "Relu", {x}); }

ValueId GraphBuilder::relu6(const std::string& name, ValueId x) {
  return node(name, "Clip", {x}, {{"min", 0.0f}, {"max", 6.0f}});
}

ValueId GraphBuilder::add(const std::string& name, ValueId a, ValueId b) {
  return node(name, "Add", {a, b});
}

ValueId GraphBuilder::max_pool(const std::string& name, ValueId x, std::int64_t kernel,
                               std::int64_t stride, std::int64_t padding) {
  return node(name, "MaxPool", {x},
              {{"kernel_shape", Integers{kernel, kernel}},
               {"strides", Integers{stride, stride}},
               {"dilations", Integers{1, 1}},
               {"pads", Integers{padding, padding, padding, padding}}});
}

ValueId GraphBuilder::global_average_pool(const std::string& name, ValueId x) {
  return node(name, "GlobalAveragePool", {x});
}

ValueId GraphBuilder::flatten(const std::string& name, ValueId x) {
  return node(name, "Flatten", {x}, {{"axis", std::int64_t{1}}});
}

ValueId GraphBuilder::halve(const std::string& name, ValueId x) {
  const Shape& in = shape(x);
  return node(name, "Slice", {x},
              {{"starts", Integers{0, 0}},
               {"ends", Integers{in.at(2), in.at(3)}},
               {"axes", Integers{2, 3}},
               {"steps", Integers{2, 2}}});
}

ValueId GraphBuilder::pad_channels(const std::string& name, ValueId x, std::int64_t before,
                                   std::int64_t after) {
  return node(name, "Pad", {x}, {{"pads", Integers{0, before, 0, 0, 0, after, 0, 0}}});
}

ValueId GraphBuilder::node(const std::string& name, const std::string& op,
                           std::vector<ValueId> inputs,
                           std::map<std::string, Attribute> attributes) {
  Node node{name, op, std::move(inputs), {}, std::move(attributes)};
  const std::vector<TensorType> types = infer_node(graph_, node);
  Value value;
  value.name = name;
  value.dtype = types.at(0).dtype;
  value.shape = types[0].shape;
  node.outputs = {graph_.add_value(std::move(value))};
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back().outputs[0];
}

ValueId GraphBuilder::constant(const std::string& name, const Shape& shape,
                               std::vector<float> values) {
  return graph_.add_constant(name, Tensor::from<float>(shape, values));
}

const Shape& GraphBuilder::shape(ValueId id) const {
  const auto& found = graph_.value(id).shape;
  check(found.has_value(), "a built value has a shape");
  return *found;
}

ValueId GraphBuilder::constant_of(const std::string& name, std::int64_t channels, float value) {
  return constant(name, {channels}, std::vector<float>(static_cast<std::size_t>(channels), value));
}

Graph GraphBuilder::finish(ValueId output, const std::string& output_name) {
  graph_.rename(output, output_name);
  graph_.outputs = {output};
  graph_.verify();
  return std::move(graph_);
}

}  // namespace gradus
