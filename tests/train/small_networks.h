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
    switch (random.integer(0, 7)) {
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
