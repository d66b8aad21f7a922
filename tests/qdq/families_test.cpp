// What networks of other families and other tools have around their quantizers, computed in
// integers: DenseNet's batch norms, channel shuffles, transposed convolutions, convolutions along
// time, PyTorch's chains of constants.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/qdq/placed_network.h"

namespace gradus {
namespace {

using namespace testing_raw;

// As in DenseNet: what it reads is rounded, and so is only what a Relu leaves of it.
TEST(PrepareQuantized, ABatchNormOfCodesIsATableAChannel) {
  Raw raw = begin();
  round_y(raw, "c", "cd");
  raw.floats("gamma", {2}, {1.5f, -0.5f}).floats("beta", {2}, {0.1f, 0.3f});
  raw.floats("mean", {2}, {0.2f, -0.4f}).floats("variance", {2}, {0.8f, 2.5f});
  raw.node("BatchNormalization", {"cd", "gamma", "beta", "mean", "variance"}, "n",
           {{"epsilon", 0.01f}});
  raw.node("Relu", {"n"}, "r");
  raw.grid("z", 0.013f, 0, DType::kUint8).node("QuantizeLinear", {"r", "z_s", "z_z"}, "zq");
  raw.node("DequantizeLinear", {"zq", "z_s", "z_z"}, "out").output("out");
  const Floats image = picture(32);
  const QModel model = converted(raw);
  const Floats found = run(model, image);
  const Floats before = reals(codes_of(image));
  const float gamma[2] = {1.5f, -0.5f}, beta[2] = {0.1f, 0.3f}, mean[2] = {0.2f, -0.4f};
  const float variance[2] = {0.8f, 2.5f};
  for (std::size_t i = 0; i < 32; ++i) {
    const std::size_t c = i / 16;
    const double gain = static_cast<double>(gamma[c]) /
                        std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(0.01f));
    const auto offset =
        static_cast<float>(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * gain);
    const float y = before[i] * static_cast<float>(gain) + offset;
    EXPECT_EQ(found[i], static_cast<float>(rounded(std::max(y, 0.0f), 0.013f, 0, 0, 255)) * 0.013f)
        << i;
  }
  EXPECT_TRUE(has(model, "lookup"));
}

// Weights keep their codes where the network gives them another shape: of [2, 3, 3] along time, one
// scale each.
TEST(PrepareQuantized, AConvolutionAlongTimeComputesWithCodes) {
  const Ints codes = random_codes(18, -127, 127);
  Floats found[2];
  for (const bool flat : {true, false}) {
    Raw raw;
    raw.input("x", flat ? Shape{-1, 3, 5} : Shape{-1, 3, 1, 5})
        .grid("x", 0.02f, 128, DType::kUint8);
    raw.codes("w", flat ? Shape{2, 3, 3} : Shape{2, 3, 1, 3}, DType::kInt8, codes);
    raw.floats("w_s", {2}, {0.01f, 0.03f}).codes("w_z", {2}, DType::kInt8, {0, 0});
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
        .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
    raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd", {{"axis", std::int64_t{0}}});
    raw.node("Conv", {"xd", "wd"}, "c").grid("y", 0.05f, 128, DType::kUint8);
    round_y(raw, "c", "out").output("out");
    found[flat] = run(converted(raw), picture(15));
  }
  EXPECT_EQ(found[0], found[1]);
}

// Scales along axis 1, the outputs of a group; two groups, every second pixel zero.
TEST(PrepareQuantized, ATransposedConvolutionComputesWithCodes) {
  const Ints codes = random_codes(4 * 2 * 3 * 3, -127, 127);
  const Floats scale = {0.01f, 0.03f};
  Raw raw;
  raw.input("x", {-1, 4, 3, 3})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.05f, 128, DType::kUint8);
  raw.codes("w", {4, 2, 3, 3}, DType::kInt8, codes)
      .floats("w_s", {2}, scale)
      .codes("w_z", {2}, DType::kInt8, {0, 0});
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd", {{"axis", std::int64_t{1}}});
  raw.node("ConvTranspose", {"xd", "wd"}, "c",
           {{"strides", std::vector<std::int64_t>{2, 2}}, {"group", std::int64_t{2}}});
  round_y(raw, "c", "out").output("out");
  const Floats image = picture(36);
  const Floats found = run(converted(raw), image);
  ASSERT_EQ(found.size(), 4u * 7 * 7);
  for (std::size_t o = 0; o < 4; ++o) {
    for (std::size_t p = 0; p < 49; ++p) {
      std::int32_t acc = 0;
      for (std::size_t i = o / 2 * 2; i < o / 2 * 2 + 2; ++i) {
        for (std::size_t from = 0; from < 9; ++from) {
          const std::size_t up = p / 7 - from / 3 * 2,
                            left = p % 7 - from % 3 * 2;  // wraps below zero
          if (up > 2 || left > 2) continue;
          acc += (rounded(image[i * 9 + from], 0.02f, 128, 0, 255) - 128) *
                 codes[(i * 2 + o % 2) * 9 + up * 3 + left];
        }
      }
      const std::int32_t code = requantized(acc, 0.02f * scale[o % 2] / 0.05f, 128, 0, 255);
      EXPECT_EQ(found[o * 49 + p], static_cast<float>(code - 128) * 0.05f) << o << ", " << p;
    }
  }
}

// A number alone has a scale and no axis; what has five dimensions runs in float.
TEST(PrepareQuantized, AnIslandReadsAQuantizedNumber) {
  using Integers = std::vector<std::int64_t>;
  const auto integers = [](const Integers& list) {
    return Tensor::from<std::int64_t>({std::ssize(list)}, list);
  };
  Raw raw;
  raw.input("x", {-1, 16})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.05f, 128, DType::kUint8);
  raw.codes("k", {}, DType::kInt8, {50}).grid("k", 0.03f, 0, DType::kInt8);
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"k", "k_s", "k_z"}, "kd");
  raw.node("Reshape", {"xd", "five"}, "r").node("Mul", {"r", "kd"}, "m");
  round_y(raw, "m", "out");
  raw.node("Reshape", {"out", "two"}, "flat").output("flat");
  for (const auto& [name, shape] :
       {std::pair<const char*, Integers>{"five", {-1, 2, 2, 2, 2}}, {"two", {-1, 16}}}) {
    Value& value = raw.graph.value(raw.graph.find_value(name));
    value.dtype = DType::kInt64;
    value.constant = integers(shape);
    value.shape = value.constant->shape();
  }
  const Floats image = picture(16);
  const Floats found = run(convert(prepared(raw), {}), image);
  for (std::size_t i = 0; i < 16; ++i) {
    const float x = static_cast<float>(rounded(image[i], 0.02f, 128, 0, 255) - 128) * 0.02f;
    EXPECT_EQ(found[i],
              static_cast<float>(rounded(x * (50 * 0.03f), 0.05f, 128, 0, 255) - 128) * 0.05f);
  }
}

// As PyTorch exports a convolution and its batch norm trained together: what the weights were
// multiplied with divides the result, then the bias and the batch norm. One layer, a scale a
// channel.
TEST(PrepareQuantized, ProductsAndSumsBehindALayerJoinIt) {
  Raw raw = begin();
  raw.floats("k", {1, 2, 1, 1}, {0.5f, -4.0f})
      .floats("b", {2, 1, 1}, {0.125f, 0.25f})
      .floats("three", {}, {3.0f});
  raw.floats("gamma", {2}, {2.0f, 0.5f}).floats("beta", {2}, {0.25f, -0.5f});
  raw.floats("mean", {2}, {0.5f, -0.25f}).floats("variance", {2}, {3.0f, 15.0f});
  raw.node("Div", {"c", "k"}, "divided").node("Add", {"b", "divided"}, "biased");
  raw.node("BatchNormalization", {"biased", "gamma", "beta", "mean", "variance"}, "n",
           {{"epsilon", 1.0f}});
  raw.node("Sub", {"n", "b"}, "less").node("Mul", {"three", "less"}, "m").node("Relu", {"m"}, "r");
  round_y(raw, "r", "out").output("out");
  const QModel model = converted(raw);
  ASSERT_EQ(model.nodes.size(), 3u);  // quantize, conv, dequantize
  const auto& conv = std::get<QConv>(model.nodes[1].op);
  // Powers of two: 3 * (2 / 2 / 0.5), 3 * (0.5 / 4 / -4).
  const auto& unit = conv.output.accumulator_scale;
  ASSERT_EQ(unit.size(), 2u);
  const float step[2] = {6.0f, -0.09375f};
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_EQ(std::fabs(unit[c]),
              static_cast<double>(0.02f) * std::fabs(static_cast<double>(step[c])));
  }
  const double offset[2] = {3 * ((0.125 - 0.5) * 1 + 0.25 - 0.125),
                            3 * ((0.25 + 0.25) / 8 - 0.5 - 0.25)};
  const Floats image = picture(32);
  const Floats found = run(model, image);
  for (std::size_t i = 0; i < 32; ++i) {
    const std::size_t c = i / 16;
    const std::int32_t x = rounded(image[i], 0.02f, 128, 0, 255) - 128;
    const double y =
        (c == 0 ? 3 : -3) * x * static_cast<double>(0.02f) * static_cast<double>(step[c]) +
        offset[c];
    // The bias is rounded to the accumulator's unit.
    EXPECT_NEAR(static_cast<double>(found[i]), std::clamp(y, 0.0, 155 * 0.07), 0.036 + 0.061) << i;
  }
}

// Another reader sees what is in between.
TEST(PrepareQuantized, AProductThatOthersReadStays) {
  Raw raw = begin();
  round_y(raw, "c", "seen").floats("k", {2, 1, 1}, {0.5f, 2.0f}).node("Mul", {"c", "k"}, "m");
  round_y(raw, "m", "out").output("out").output("seen");
  EXPECT_NO_THROW(convert(prepared(raw), {}));
  const Graph graph = prepared(raw);
  const bool stays = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                 [](const Node& n) { return n.op == "Mul"; });
  EXPECT_TRUE(stays);
}

// A channel shuffle, each step of which a tool rounds again onto the same grid.
TEST(PrepareQuantized, MovementsThatAreRoundedInBetweenAreOne) {
  for (const bool same : {true, false}) {
    Raw raw;
    raw.input("x", {-1, 4, 1, 2})
        .grid("x", 0.02f, 128, DType::kUint8)
        .grid("y", same ? 0.02f : 0.04f, 128, DType::kUint8);
    const auto shape = [&](const std::string& name, std::vector<std::int64_t> list) {
      raw.node("Constant", {}, name,
               {{"value", Tensor::from<std::int64_t>({std::ssize(list)}, list)}});
    };
    shape("five", {-1, 2, 2, 1, 2});
    shape("four", {-1, 4, 1, 2});
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
        .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
    raw.node("Reshape", {"xd", "five"}, "a");
    round_y(raw, "a", "ad")
        .node("Transpose", {"ad"}, "b", {{"perm", std::vector<std::int64_t>{0, 2, 1, 3, 4}}});
    round_y(raw, "b", "bd");
    round_y(raw, "bd", "bdd").node("Reshape", {"bdd", "four"}, "c");
    // Codes of four dimensions are read by others too: as they are, and on another grid.
    round_y(raw, "c", "cd").node("Slice", {"cd", "zero", "end", "one"}, "sliced");
    for (const auto& [name, value] : {std::pair{"zero", 0}, {"one", 1}, {"end", 4}})
      shape(name, {value});
    round_y(raw, "sliced", "out").output("out");
    const QModel model = convert(prepared(raw), {});
    EXPECT_EQ(has(model, "island"), !same);
    const Floats image = picture(8);
    const Floats found = run(model, image);
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t from = i / 2 % 2 * 4 + i / 4 * 2 + i % 2;
      const std::int32_t code = rounded(image[from], 0.02f, 128, 0, 255);
      const float step = same ? 0.02f : 0.04f;
      const std::int32_t again = rounded(static_cast<float>(code - 128) * 0.02f, step, 128, 0, 255);
      EXPECT_EQ(found[i], static_cast<float>(again - 128) * step) << i;
    }
  }
}

// As in ONNX Runtime's networks of codes: behind DequantizeLinear, a Relu that nothing rounds, then
// a mean.
TEST(PrepareQuantized, WhatAReluLeavesOfCodesIsCodes) {
  for (const bool rounded_again : {false, true}) {
    Raw raw = begin();
    raw.node("QuantizeLinear", {"c", "y_s", "y_z"}, "cq")
        .node("DequantizeLinear", {"cq", "y_s", "y_z"}, "cd");
    raw.node("Relu", {"cd"}, "r");
    if (rounded_again) round_y(raw, "r", "rd");
    raw.node("GlobalAveragePool", {rounded_again ? "rd" : "r"}, "g");
    round_y(raw, "g", "out").output("out");
    const QModel model = converted(raw);
    const Floats image = picture(32);
    const Floats found = run(model, image);
    const Ints codes = codes_of(image);
    for (std::size_t c = 0; c < 2; ++c) {
      std::int32_t sum = 0;
      for (std::size_t i = 0; i < 16; ++i) sum += std::max(codes[c * 16 + i] - 100, 0);
      const std::int32_t code = requantized(
          sum, static_cast<float>(static_cast<double>(0.07f) / 16) / 0.07f, 100, 0, 255);
      EXPECT_EQ(found[c], static_cast<float>(code - 100) * 0.07f);
    }
  }
}

// Codes that are reshaped and turned without QuantizeLinear on the way.
TEST(PrepareQuantized, MovementsOfCodesEndAsCodes) {
  Raw raw;
  raw.input("x", {-1, 4, 1, 2})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.05f, 128, DType::kUint8);
  const auto shape = [&](const std::string& name, std::vector<std::int64_t> list) {
    raw.node("Constant", {}, name,
             {{"value", Tensor::from<std::int64_t>({std::ssize(list)}, list)}});
  };
  shape("five", {-1, 2, 2, 1, 2});
  shape("four", {-1, 4, 1, 2});
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq").node("Reshape", {"xq", "five"}, "a");
  raw.node("Transpose", {"a"}, "b", {{"perm", std::vector<std::int64_t>{0, 2, 1, 3, 4}}});
  raw.node("Reshape", {"b", "four"}, "c");
  raw.codes("w", {1, 4, 1, 1}, DType::kInt8, {1, 10, 100, -50}).grid("w", 0.01f, 0, DType::kInt8);
  raw.node("QLinearConv", {"c", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z"}, "yq");
  raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out").output("out");
  const Floats image = picture(8);
  const Floats found = run(converted(raw), image);
  const Ints w = {1, 100, 10, -50};  // in the order of the input's channels
  for (std::size_t p = 0; p < 2; ++p) {
    std::int32_t acc = 0;
    for (std::size_t c = 0; c < 4; ++c)
      acc += w[c] * (rounded(image[c * 2 + p], 0.02f, 128, 0, 255) - 128);
    const std::int32_t code = requantized(acc, 0.02f * 0.01f / 0.05f, 128, 0, 255);
    EXPECT_EQ(found[p], static_cast<float>(code - 128) * 0.05f);
  }
}

// Movements between two grids: one gather, then a change of scale.
TEST(PrepareQuantized, MovementsMayBeRoundedToAnotherGrid) {
  Raw raw;
  raw.input("x", {-1, 4, 1, 2})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.05f, 100, DType::kUint8);
  const auto shape = [&](const std::string& name, std::vector<std::int64_t> list) {
    raw.node("Constant", {}, name,
             {{"value", Tensor::from<std::int64_t>({std::ssize(list)}, list)}});
  };
  shape("five", {-1, 2, 2, 1, 2});
  shape("four", {-1, 4, 1, 2});
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("Reshape", {"xd", "five"}, "a");
  raw.node("Transpose", {"a"}, "b", {{"perm", std::vector<std::int64_t>{0, 2, 1, 3, 4}}});
  raw.node("Reshape", {"b", "four"}, "c");
  round_y(raw, "c", "out").output("out");
  const Floats image = picture(8);
  const Floats found = run(converted(raw), image);
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t from = i / 2 % 2 * 4 + i / 4 * 2 + i % 2;
    const std::int32_t acc = rounded(image[from], 0.02f, 128, 0, 255) - 128;
    const std::int32_t code = requantized(acc, 0.02f / 0.05f, 100, 0, 255);
    EXPECT_EQ(found[i], static_cast<float>(code - 100) * 0.05f) << i;
  }
}

// Each reader gets its own codes, and one that computes with floats the picture as it is.
TEST(PrepareQuantized, AnInputMayBeReadInSeveralWays) {
  Raw raw;
  raw.input("x", {-1, 2, 1, 3})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.3f, 0, DType::kInt4);
  raw.grid("z", 0.05f, 100, DType::kUint8);
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  round_y(raw, "x", "yd");
  raw.node("Add", {"xd", "yd"}, "sum").node("QuantizeLinear", {"sum", "z_s", "z_z"}, "zq");
  raw.node("DequantizeLinear", {"zq", "z_s", "z_z"}, "rounded");
  raw.node("Sin", {"x"}, "plain").output("rounded").output("plain");
  const QModel model = convert(prepared(raw), {});
  const Floats image = picture(6);
  const auto tensors = run_reference(model, image, 1);
  const auto& sums = tensors[static_cast<std::size_t>(model.outputs.at(0))].values;
  const auto& plain = tensors[static_cast<std::size_t>(model.outputs.at(1))].values;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto a =
        static_cast<float>(rounded(image[i], 0.02f, 128, 0, 255) - 128) * (0.02f / 0.05f);
    const auto b = static_cast<float>(rounded(image[i], 0.3f, 0, -8, 7)) * (0.3f / 0.05f);
    const auto code = static_cast<std::int32_t>(std::nearbyint(a + b)) + 100;
    EXPECT_EQ(sums[i], static_cast<float>(std::clamp(code, 0, 255) - 100) * 0.05f) << i;
    EXPECT_EQ(plain[i], static_cast<float>(std::sin(static_cast<double>(image[i])))) << i;
  }
}

}  // namespace
}  // namespace gradus
