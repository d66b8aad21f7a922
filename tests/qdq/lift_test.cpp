// Ways of writing a quantized network, read and run on integers, against the formulas of ONNX.
#include "gradus/qdq/lift.h"

#include <gtest/gtest.h>

#include "tests/qdq/raw_network.h"

namespace gradus {
namespace {

using namespace testing_raw;

TEST(LiftQuantized, RoundsToEveryType) {
  for (const Type& type : kTypes) {
    SCOPED_TRACE(dtype_name(type.dtype));
    const float scale = 3.1f / static_cast<float>(type.high - type.low);
    const std::int32_t zero = type.low + (type.high - type.low) / 3;
    Raw raw;
    raw.input("x", {-1, 30}).grid("x", scale, zero, type.dtype).output("y");
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "q")
        .node("DequantizeLinear", {"q", "x_s", "x_z"}, "y");
    const Floats image = picture(30);
    const Floats found = run(converted(raw), image);
    for (std::size_t i = 0; i < image.size(); ++i) {
      const std::int32_t code = rounded(image[i], scale, zero, type.low, type.high);
      EXPECT_EQ(found[i], static_cast<float>(code - zero) * scale);
    }
  }
}

TEST(LiftQuantized, AConvolutionOfCodesIsTheStandards) {
  for (bool per_channel : {false, true}) {
    const Ints weights = random_codes(2 * 3 * 9, 0, 255);
    const Ints bias = {700, -1100};
    const Ints zero = per_channel ? Ints{120, 131} : Ints{127};
    const Floats scale = per_channel ? Floats{0.011f, 0.02f} : Floats{0.013f};
    const Shape per = per_channel ? Shape{2} : Shape{};
    Raw raw;
    raw.input("x", {-1, 3, 5, 4})
        .grid("x", 0.017f, 113, DType::kUint8)
        .grid("y", 0.09f, 61, DType::kUint8);
    raw.codes("w", {2, 3, 3, 3}, DType::kUint8, weights).floats("w_s", per, scale);
    raw.codes("w_z", per, DType::kUint8, zero).codes("b", {2}, DType::kInt32, bias).output("out");
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq");
    raw.node("QLinearConv", {"xq", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z", "b"}, "yq",
             {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
    raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
    const Floats image = picture(60);
    const Floats found = run(converted(raw), image);
    for (int o = 0; o < 2; ++o) {
      for (int r = 0; r < 5; ++r) {
        for (int c = 0; c < 4; ++c) {
          const std::size_t q = per_channel ? static_cast<std::size_t>(o) : 0;
          std::int32_t acc = bias[static_cast<std::size_t>(o)];
          for (int k = 0; k < 27; ++k) {
            const int y = r + k % 9 / 3 - 1;
            const int x = c + k % 3 - 1;
            if (y < 0 || y >= 5 || x < 0 || x >= 4) continue;
            const float pixel = image[static_cast<std::size_t>(k / 9 * 20 + y * 4 + x)];
            acc += (rounded(pixel, 0.017f, 113, 0, 255) - 113) *
                   (weights[static_cast<std::size_t>(o * 27 + k)] - zero[q]);
          }
          const float multiplier = 0.017f * scale[q] / 0.09f;
          const std::int32_t code = requantized(acc, multiplier, 61, 0, 255);
          EXPECT_EQ(found[static_cast<std::size_t>(o * 20 + r * 4 + c)],
                    static_cast<float>(code - 61) * 0.09f);
        }
      }
    }
  }
}

// QuantizeLinear, Clip, DequantizeLinear: fewer bits than the type has, or a range that no bits
// have.
TEST(LiftQuantized, AClipOfCodesNarrowsThem) {
  struct Range {
    std::int32_t low, high;
    int bits;
  };
  for (const Range& range : {Range{-4, 3, 3},
                             {-3, 3, 3},
                             {-16, 15, 5},
                             {-1, 1, 2},
                             {-127, 127, 8},
                             {-10, 100, 8},
                             {-128, 5, 8}}) {
    SCOPED_TRACE(std::to_string(range.low) + ".." + std::to_string(range.high));
    Raw raw;
    raw.input("x", {-1, 8}).grid("x", 0.05f, 0, DType::kInt8).grid("y", 0.03f, 0, DType::kInt8);
    raw.codes("low", {}, DType::kInt8, {range.low}).codes("high", {}, DType::kInt8, {range.high});
    Ints eye(64, 0);
    for (std::size_t i = 0; i < 8; ++i) eye[i * 9] = 1;
    raw.codes("w", {8, 8}, DType::kInt8, eye).floats("w_s", {}, {1.0f});
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
        .node("DequantizeLinear", {"xq", "x_s"}, "xd");
    raw.node("DequantizeLinear", {"w", "w_s"}, "wd");
    raw.node("Gemm", {"xd", "wd"}, "g", {{"transB", std::int64_t{1}}});
    raw.node("QuantizeLinear", {"g", "y_s", "y_z"}, "q").node("Clip", {"q", "low", "high"}, "cut");
    raw.node("DequantizeLinear", {"cut", "y_s", "y_z"}, "out").output("out");
    const QModel model = converted(raw);
    const Floats image = picture(8);
    const Floats found = run(model, image);
    for (std::size_t i = 0; i < 8; ++i) {
      const std::int32_t in = rounded(image[i], 0.05f, 0, -128, 127);
      const std::int32_t code = requantized(in, 0.05f / 0.03f, 0, range.low, range.high);
      EXPECT_EQ(found[i], static_cast<float>(code) * 0.03f);
    }
    for (const QTensor& tensor : model.tensors) {
      if (tensor.scale == 0.03f) {
        EXPECT_EQ(tensor.bits, range.bits);
      }
    }
  }
}

TEST(LiftQuantized, ReadsQonnx) {
  for (const std::string domain :
       {"qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general"}) {
    for (int bits : {2, 3, 4, 8}) {
      for (bool narrow : {false, true}) {
        const std::int32_t high = (1 << (bits - 1)) - 1;
        const std::int32_t low = narrow ? -high : -high - 1;
        const Floats weights = picture(40, 9);
        const Floats scale = {0.5f, 0.3f, 0.2f, 0.7f, 0.11f};
        Raw raw;
        raw.input("x", {-1, 8}).floats("x_s", {}, {0.25f}).floats("zero", {}, {0.0f}).output("out");
        raw.floats("x_bits", {}, {4.0f}).floats("w_bits", {}, {static_cast<float>(bits)});
        raw.floats("w", {5, 8}, weights).floats("w_s", {5, 1}, scale);
        raw.node(domain + ":Quant", {"x", "x_s", "zero", "x_bits"}, "xq",
                 {{"signed", std::int64_t{0}},
                  {"narrow", std::int64_t{0}},
                  {"rounding_mode", std::string("ROUND")}});
        raw.node(domain + ":Quant", {"w", "w_s", "zero", "w_bits"}, "wq",
                 {{"signed", std::int64_t{1}}, {"narrow", std::int64_t{narrow}}});
        raw.node("Gemm", {"xq", "wq"}, "out", {{"transB", std::int64_t{1}}});
        const QModel model = converted(raw);
        const Floats image = picture(8, static_cast<std::uint64_t>(bits));
        const Floats found = run(model, image);
        for (std::size_t o = 0; o < 5; ++o) {
          std::int32_t acc = 0;
          for (std::size_t i = 0; i < 8; ++i) {
            acc += rounded(image[i], 0.25f, 0, 0, 15) *
                   rounded(weights[o * 8 + i], scale[o], 0, low, high);
          }
          EXPECT_EQ(found[o], static_cast<float>(acc) * (0.25f * scale[o]));
        }
      }
    }
  }
}

TEST(LiftQuantized, ReadsBipolarWeightsAsOneBit) {
  const Floats weights = picture(40, 4);
  Raw raw;
  raw.input("x", {-1, 8}).grid("x", 0.1f, 0, DType::kInt8).output("out");
  raw.floats("w", {5, 8}, weights).floats("w_s", {}, {0.4f});
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("qonnx.custom_op.general:BipolarQuant", {"w", "w_s"}, "wq");
  raw.node("Gemm", {"xd", "wq"}, "out", {{"transB", std::int64_t{1}}});
  const QModel model = converted(raw);
  const Floats image = picture(8);
  const Floats found = run(model, image);
  for (std::size_t o = 0; o < 5; ++o) {
    std::int32_t acc = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      acc += rounded(image[i], 0.1f, 0, -128, 127) * (weights[o * 8 + i] >= 0.0f ? 1 : -1);
    }
    EXPECT_EQ(found[o], static_cast<float>(acc) * (0.1f * 0.4f));
  }
  EXPECT_EQ(std::get<QFullyConnected>(model.nodes.back().op).weights.bits, 1);
}

// Codes may come in and go out as such; they are then given as the reals that they stand for.
TEST(LiftQuantized, TakesCodesAsInputAndOutput) {
  Raw raw;
  raw.input("x", {-1, 8}, DType::kUint8).grid("x", 0.5f, 3, DType::kUint8).output("flat");
  raw.node("QLinearMatMul", {"x", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z"}, "yq");
  raw.codes("w", {8, 2}, DType::kInt8, random_codes(16, -5, 5)).grid("w", 1.0f, 0, DType::kInt8);
  raw.grid("y", 0.25f, 9, DType::kUint8).node("Flatten", {"yq"}, "flat");
  const Floats image = {-1.5f, 0.0f, 0.5f, 1.0f, 3.0f, 100.0f, 126.0f, 2.5f};
  const Ints w = random_codes(16, -5, 5);
  const Floats found = run(converted(raw), image);
  for (std::size_t o = 0; o < 2; ++o) {
    std::int32_t acc = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      acc += (rounded(image[i], 0.5f, 3, 0, 255) - 3) * w[i * 2 + o];
    }
    const std::int32_t code = requantized(acc, 0.5f / 0.25f, 9, 0, 255);
    EXPECT_EQ(found[o], static_cast<float>(code - 9) * 0.25f);
  }
}

// What one value means to each of its readers is computed for each.
TEST(LiftQuantized, AValueMayBeRoundedInSeveralWays) {
  Raw raw;
  raw.input("x", {-1, 3, 4, 4}).grid("x", 0.02f, 128, DType::kUint8).output("out");
  raw.grid("a", 0.05f, 0, DType::kUint8)
      .grid("b", 0.3f, 0, DType::kInt4)
      .grid("y", 0.1f, 0, DType::kInt8);
  raw.codes("w", {3, 3, 1, 1}, DType::kInt8, {3, 1, -2, 0, 5, 1, -1, 2, 2})
      .floats("w_s", {}, {0.5f});
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"w", "w_s"}, "wd").node("Conv", {"xd", "wd"}, "c");
  raw.node("QuantizeLinear", {"c", "a_s", "a_z"}, "aq")
      .node("DequantizeLinear", {"aq", "a_s", "a_z"}, "ad");
  raw.node("QuantizeLinear", {"c", "b_s", "b_z"}, "bq")
      .node("DequantizeLinear", {"bq", "b_s", "b_z"}, "bd");
  raw.node("Add", {"ad", "bd"}, "sum");
  raw.node("QuantizeLinear", {"sum", "y_s", "y_z"}, "yq")
      .node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
  const Ints w = {3, 1, -2, 0, 5, 1, -1, 2, 2};
  const Floats image = picture(48);
  const Floats found = run(converted(raw), image);
  for (std::size_t o = 0; o < 3; ++o) {
    for (std::size_t p = 0; p < 16; ++p) {
      std::int32_t acc = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        acc += (rounded(image[i * 16 + p], 0.02f, 128, 0, 255) - 128) * w[o * 3 + i];
      }
      const std::int32_t a = requantized(acc, 0.02f * 0.5f / 0.05f, 0, 0, 255);
      const std::int32_t b = requantized(acc, 0.02f * 0.5f / 0.3f, 0, -8, 7);
      const float sum =
          static_cast<float>(a) * (0.05f / 0.1f) + static_cast<float>(b) * (0.3f / 0.1f);
      const auto code = static_cast<std::int32_t>(std::nearbyint(std::clamp(sum, -128.0f, 127.0f)));
      EXPECT_EQ(found[o * 16 + p], static_cast<float>(code) * 0.1f);
    }
  }
}

TEST(IsQuantizedOp, TellsQuantizedNetworksFromOthers) {
  for (const char* op :
       {"QuantizeLinear", "QLinearConv", "com.microsoft:QLinearAdd", "onnx.brevitas:Quant"}) {
    EXPECT_TRUE(is_quantized_op(op)) << op;
  }
  for (const char* op : {"Conv", "Constant", "Identity", "Clip", "Quant", "Cast"}) {
    EXPECT_FALSE(is_quantized_op(op)) << op;
  }
}

}  // namespace
}  // namespace gradus
