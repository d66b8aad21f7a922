// Networks for tests of training: a small residual one, and random ones with every integer
// operator.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "gradus/graph/builder.h"
#include "tests/support/random.h"

namespace gradus::testing_support {

// 2 x 8 x 8 to 4 classes: stem, residual block, pool, classifier.
inline Graph small_network(std::uint64_t seed = 1) {
  GraphBuilder b("small", seed);
  ValueId x = b.input("input", {-1, 2, 8, 8});
  x = b.relu("relu1", b.batch_norm("bn1", b.conv("conv1", x, 6, {.padding = 1})));
  ValueId y = b.relu("relu2", b.batch_norm("bn2", b.conv("conv2", x, 6, {.padding = 1})));
  y = b.batch_norm("bn3", b.conv("conv3", y, 6, {.padding = 1}));
  x = b.relu("relu3", b.add("add", y, x));
  x = b.relu("relu4", b.batch_norm("bn4", b.conv("conv4", x, 8, {.stride = 2, .padding = 1})));
  x = b.flatten("flatten", b.max_pool("pool", x, 2, 2, 0));
  return b.finish(b.linear("fc", x, 4), "logits");
}

// Statistics, gammas and betas as training leaves them, some gammas negative, one zero.
inline void disturb_batch_norms(Graph& graph, TestRandom& random) {
  for (const Node& node : graph.nodes) {
    if (node.op != "BatchNormalization") continue;
    for (std::size_t i = 1; i <= 4; ++i) {
      for (float& v : graph.value(node.inputs[i]).constant->as<float>()) {
        v = i == 4 ? random.rng().uniform(0.3f, 2.0f) : random.rng().uniform(-0.5f, 1.5f);
      }
    }
    graph.value(node.inputs[1]).constant->as<float>()[0] = 0.0f;
  }
}

// Resizing to the nearest by whole factors, in normal form.
inline ValueId enlarge(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t factor) {
  const Shape in = b.shape(x);
  using Reals = std::vector<float>;
  return b.node(name, "Resize", {x},
                {{"mode", std::string("nearest")},
                 {"coordinate_transformation_mode", std::string("asymmetric")},
                 {"nearest_mode", std::string("floor")},
                 {"cubic_coeff_a", -0.75f},
                 {"exclude_outside", std::int64_t{0}},
                 {"extrapolation_value", 0.0f},
                 {"antialias", std::int64_t{0}},
                 {"scales", Reals{}},
                 {"sizes", std::vector<std::int64_t>{-1, in[1], in[2] * factor, in[3] * factor}},
                 {"roi", Reals{}}});
}

// An activation, alone or from its parts, or one of tensors and constants.
inline ValueId random_activation(GraphBuilder& b, TestRandom& random, const std::string& n,
                                 ValueId x) {
  const std::int64_t channels = b.shape(x)[1];
  const auto constant = [&](const char* name, std::int64_t size) {
    Shape shape = {1};
    if (size > 1) shape = {size, 1, 1};
    return b.constant(name + n, shape, random.normals(static_cast<std::size_t>(size), 0.5f));
  };
  switch (random.integer(0, 8)) {
    case 0:
      return b.node("sigmoid" + n, "Sigmoid", {x});
    case 1:
      return b.node("mul" + n, "Mul", {x, b.node("sigmoid" + n, "Sigmoid", {x})});
    case 2:
      return b.node("hard" + n, "HardSwish", {x});
    case 3:
      return b.node("prelu" + n, "PRelu", {x, constant("slope", channels)});
    case 4:
      return b.node("leaky" + n, "LeakyRelu", {x}, {{"alpha", 0.1f}});
    case 5: {
      const ValueId three = b.node("three" + n, "Add", {x, constant("shift", 1)});
      const ValueId cut = b.node("cut" + n, "Clip", {three}, {{"min", 0.0f}, {"max", 6.0f}});
      return b.node("product" + n, "Mul", {cut, x});
    }
    case 6:
      return b.node("gelu" + n, "Gelu", {x}, {{"approximate", std::string("tanh")}});
    case 7:
      return b.node("tanh" + n, "Tanh",
                    {b.node("scaled" + n, "Mul", {x, constant("k", channels)})});
    default:
      return b.node("elu" + n, "Elu", {x}, {{"alpha", 1.3f}});
  }
}

// Two tensors, or a map and a pixel an image.
inline ValueId random_pair(GraphBuilder& b, TestRandom& random, const std::string& n, ValueId x) {
  const char* op = random.integer(0, 1) == 0 ? "Mul" : "Sub";
  if (random.integer(0, 1) == 0) {
    return b.node("pair" + n, op, {b.conv("side" + n, x, b.shape(x)[1], {.kernel = 1}), x});
  }
  ValueId s = random.integer(0, 1) == 0 ? b.global_average_pool("pool" + n, x)
                                        : b.node("top" + n, "GlobalMaxPool", {x});
  s = b.conv("excite" + n, s, b.shape(x)[1], {.kernel = 1});
  s = b.node("gate" + n, "HardSigmoid", {s}, {{"alpha", 1 / 6.0f}, {"beta", 0.5f}});
  return b.node("pair" + n, op, {x, s});
}

// Values moved to other places.
inline ValueId random_movement(GraphBuilder& b, TestRandom& random, const std::string& n,
                               ValueId x) {
  using Integers = std::vector<std::int64_t>;
  const Shape in = b.shape(x);
  switch (random.integer(0, 3)) {
    case 0:
      return in[2] < 10 ? enlarge(b, "resize" + n, x, 2) : x;
    case 1:
      x = b.conv("wide" + n, x, 8, {.kernel = 1});
      return b.node("depth" + n, "DepthToSpace", {x},
                    {{"blocksize", std::int64_t{2}},
                     {"mode", std::string(random.integer(0, 1) == 0 ? "CRD" : "DCR")}});
    case 2:
      x = b.conv("even" + n, x, 6, {.kernel = 1});
      x = b.node("split" + n, "Reshape", {x}, {{"shape", Integers{-1, 2, 3, in[2], in[3]}}});
      x = b.node("turn" + n, "Transpose", {x}, {{"perm", Integers{0, 2, 1, 3, 4}}});
      return b.node("join" + n, "Reshape", {x}, {{"shape", Integers{-1, 6, in[2], in[3]}}});
    default:
      return b.node("swap" + n, "Transpose", {x}, {{"perm", Integers{0, 1, 3, 2}}});
  }
}

// A chain of random operators over maps with a random number of channels, then a classifier.
inline Graph random_network(std::uint64_t stream) {
  TestRandom random(stream);
  GraphBuilder b("random" + std::to_string(stream), stream);
  using Integers = std::vector<std::int64_t>;
  const auto window = [&](std::int64_t kernel) {
    return std::map<std::string, Attribute>{
        {"kernel_shape", Integers{kernel, kernel}},
        {"strides", Integers{random.integer(1, 2), 1}},
        {"pads", Integers{random.integer(0, 1), random.integer(0, 1), random.integer(0, 1), 1}}};
  };
  ValueId x = b.input("input", {-1, 2, 8, 8});
  for (int i = 0; i < 7; ++i) {
    const std::string n = std::to_string(i);
    const std::int64_t channels = b.shape(x)[1];
    switch (random.integer(0, 13)) {
      case 0: {
        auto attributes = window(3);
        attributes["dilations"] = Integers{1, 1};
        attributes["group"] = channels;  // depthwise
        std::vector<float> w = random.normals(static_cast<std::size_t>(channels) * 9, 0.4f);
        const ValueId weights = b.constant("dw" + n + ".weight", {channels, 1, 3, 3}, std::move(w));
        x = b.relu6("relu" + n,
                    b.batch_norm("bn" + n, b.node("dw" + n, "Conv", {x, weights}, attributes)));
        break;
      }
      case 1:
      case 2:
        x = b.batch_norm("bn" + n, b.conv("conv" + n, x, random.integer(3, 9), {.padding = 1}));
        if (random.integer(0, 1) == 0) x = b.relu("relu" + n, x);
        break;
      case 3: {
        const ValueId y = b.conv("conv" + n, x, channels, {.kernel = 1});
        x = b.add("add" + n, x, y);
        if (random.integer(0, 1) == 0) x = b.relu("relu" + n, x);
        break;
      }
      case 4:
        x = b.node("concat" + n, "Concat", {x, b.conv("conv" + n, x, 3, {.padding = 1})},
                   {{"axis", std::int64_t{1}}});
        break;
      case 5:
        x = b.node("max" + n, "MaxPool", {x}, window(3));
        break;
      case 6: {
        auto attributes = window(3);
        attributes["count_include_pad"] = std::int64_t{random.integer(0, 1)};
        x = b.node("avg" + n, "AveragePool", {x}, attributes);
        break;
      }
      case 7:
      case 8:
      case 9:
        x = random_activation(b, random, n, x);
        break;
      case 10:
      case 11:
        x = random_pair(b, random, n, x);
        break;
      case 12:
        x = random_movement(b, random, n, x);
        break;
      default:
        x = random.integer(0, 1) == 0 ? b.halve("halve" + n, x)
                                      : b.pad_channels("pad" + n, x, 1, 2);
    }
    if (b.shape(x)[2] < 3 || b.shape(x)[3] < 3) break;
  }
  x = b.flatten("flatten", random.integer(0, 1) == 0 ? x : b.global_average_pool("gap", x));
  Graph graph = b.finish(b.linear("fc", x, 4), "logits");
  disturb_batch_norms(graph, random);
  return graph;
}

}  // namespace gradus::testing_support
