// Small networks for the tests of prepare and convert, built value by value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/graph/graph.h"

namespace gradus::testing_networks {

// Adds nodes in order; every output value is named like its node, with its shape given.
class Builder {
 public:
  Graph graph;

  explicit Builder(std::uint64_t seed = 1) : rng_(seed) { graph.name = "test"; }

  ValueId input(const std::string& name, Shape shape) {
    const ValueId id = value(name, std::move(shape));
    graph.inputs.push_back(id);
    return id;
  }
  ValueId value(const std::string& name, Shape shape) {
    Value v;
    v.name = name;
    v.shape = std::move(shape);
    return graph.add_value(std::move(v));
  }
  ValueId constant(const std::string& name, Shape shape, float low, float high) {
    std::vector<float> numbers(static_cast<std::size_t>(*element_count(shape)));
    for (float& x : numbers) x = rng_.uniform(low, high);
    return graph.add_constant(name, Tensor::from<float>(std::move(shape), numbers));
  }
  ValueId pad(const std::string& name, ValueId x, std::vector<std::int64_t> pads) {
    Shape shape = *graph.value(x).shape;
    for (std::size_t i = 1; i < 4; ++i) shape[i] += pads[i] + pads[i + 4];
    return node(name, "Pad", {x}, shape, {{"pads", std::move(pads)}});
  }
  ValueId node(const std::string& name, const std::string& op, std::vector<ValueId> inputs,
               Shape shape, std::map<std::string, Attribute> attributes = {}) {
    const ValueId output = value(name + ".out", std::move(shape));
    graph.nodes.push_back({name, op, std::move(inputs), {output}, std::move(attributes)});
    return output;
  }

  // `kernel` odd, padded so that the map keeps its size.
  ValueId conv(const std::string& name, ValueId x, std::int64_t out, std::int64_t kernel = 3,
               std::int64_t group = 1, bool bias = false) {
    const Shape in = *graph.value(x).shape;
    const ValueId w = constant(name + ".weight", {out, in[1] / group, kernel, kernel}, -1, 1);
    std::vector<ValueId> inputs = {x, w};
    if (bias) inputs.push_back(constant(name + ".bias", {out}, -1, 1));
    const std::int64_t pad = kernel / 2;
    return node(name, "Conv", inputs, {in[0], out, in[2], in[3]},
                {{"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                 {"strides", std::vector<std::int64_t>{1, 1}},
                 {"dilations", std::vector<std::int64_t>{1, 1}},
                 {"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                 {"group", group}});
  }
  ValueId batch_norm(const std::string& name, ValueId x, float gamma_low = 0.5f) {
    const Shape in = *graph.value(x).shape;
    const Shape channels = {in[1]};
    return node(
        name, "BatchNormalization",
        {x, constant(name + ".gamma", channels, gamma_low, 1.5f),
         constant(name + ".beta", channels, -1, 1), constant(name + ".mean", channels, -1, 1),
         constant(name + ".variance", channels, 0.5f, 2)},
        in, {{"epsilon", 1e-3f}, {"momentum", 0.9f}});
  }
  ValueId relu(const std::string& name, ValueId x) {
    return node(name, "Relu", {x}, *graph.value(x).shape);
  }
  ValueId add(const std::string& name, ValueId a, ValueId b) {
    return node(name, "Add", {a, b}, *graph.value(a).shape);
  }
  ValueId max_pool(const std::string& name, ValueId x) {
    const Shape in = *graph.value(x).shape;
    return node(name, "MaxPool", {x}, {in[0], in[1], in[2] / 2, in[3] / 2},
                {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                 {"strides", std::vector<std::int64_t>{2, 2}}});
  }
  ValueId global_pool(const std::string& name, ValueId x) {
    const Shape in = *graph.value(x).shape;
    return node(name, "GlobalAveragePool", {x}, {in[0], in[1], 1, 1});
  }
  ValueId flatten(const std::string& name, ValueId x) {
    const Shape in = *graph.value(x).shape;
    std::int64_t rest = 1;
    for (std::size_t i = 1; i < in.size(); ++i) rest *= in[i];
    return node(name, "Flatten", {x}, {in[0], rest}, {{"axis", std::int64_t{1}}});
  }
  ValueId concat(const std::string& name, const std::vector<ValueId>& inputs) {
    Shape shape = *graph.value(inputs[0]).shape;
    shape[1] = 0;
    for (ValueId id : inputs) shape[1] += (*graph.value(id).shape)[1];
    return node(name, "Concat", inputs, shape, {{"axis", std::int64_t{1}}});
  }
  ValueId gemm(const std::string& name, ValueId x, std::int64_t out) {
    const Shape in = *graph.value(x).shape;
    return node(name, "Gemm",
                {x, constant(name + ".weight", {out, in[1]}, -1, 1),
                 constant(name + ".bias", {out}, -1, 1)},
                {in[0], out}, {{"transB", std::int64_t{1}}});
  }

 private:
  Rng rng_;
};

// A residual network with everything a ResNet-20 has: a shortcut by Slice and Pad too.
inline Graph residual_network() {
  Builder b;
  ValueId x = b.input("image", {-1, 3, 8, 8});
  x = b.relu("stem.relu", b.batch_norm("stem.bn", b.conv("stem", x, 4)));
  ValueId y = b.relu("a.relu", b.batch_norm("a.bn1", b.conv("a.conv1", x, 4)));
  y = b.batch_norm("a.bn2", b.conv("a.conv2", y, 4));
  x = b.relu("a.out", b.add("a.add", y, x));
  ValueId s = b.node("b.cut", "Slice", {x}, {-1, 4, 4, 4},
                     {{"starts", std::vector<std::int64_t>{0, 0}},
                      {"ends", std::vector<std::int64_t>{8, 8}},
                      {"axes", std::vector<std::int64_t>{2, 3}},
                      {"steps", std::vector<std::int64_t>{2, 2}}});
  s = b.pad("b.pad", s, {0, 2, 0, 0, 0, 2, 0, 0});
  y = b.node("b.conv1", "Conv", {x, b.constant("b.conv1.weight", {8, 4, 3, 3}, -1, 1)},
             {-1, 8, 4, 4},
             {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}},
              {"strides", std::vector<std::int64_t>{2, 2}}});
  y = b.relu("b.relu", b.batch_norm("b.bn1", y));
  y = b.batch_norm("b.bn2", b.conv("b.conv2", y, 8));
  x = b.relu("b.out", b.add("b.add", y, s));
  x = b.gemm("fc", b.flatten("flat", b.global_pool("pool", x)), 10);
  b.graph.outputs = {x};
  return std::move(b.graph);
}

}  // namespace gradus::testing_networks
