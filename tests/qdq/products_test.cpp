// Products of codes in every way of writing them, for every pair of types.
#include <gtest/gtest.h>

#include "tests/qdq/raw_network.h"

namespace gradus {
namespace {

using namespace testing_raw;

// x [1, 8] * w + b, all in codes, in three ways of writing it.
struct Product {
  Type x, w, y;
  Ints weights;         // [in, out]
  Ints weight_zero;     // one, or one an output
  Floats weight_scale;  // likewise
  Ints bias;            // [out], or none
  float x_scale = 0.031f;
  std::int32_t x_zero = 0;
  float y_scale = 0.117f;
  std::int32_t y_zero = 0;
  static constexpr std::size_t kIn = 8, kOut = 5;

  Floats expected(const Floats& image) const {
    Floats result;
    for (std::size_t o = 0; o < kOut; ++o) {
      const std::size_t q = weight_scale.size() == 1 ? 0 : o;
      std::int32_t acc = bias.empty() ? 0 : bias[o];
      for (std::size_t i = 0; i < kIn; ++i) {
        const std::int32_t code = rounded(image[i], x_scale, x_zero, x.low, x.high);
        acc += (code - x_zero) * (weights[i * kOut + o] - weight_zero[q]);
      }
      const float multiplier = x_scale * weight_scale[q] / y_scale;
      const std::int32_t code = requantized(acc, multiplier, y_zero, y.low, y.high);
      result.push_back(static_cast<float>(code - y_zero) * y_scale);
    }
    return result;
  }

  Raw common() const {
    Raw raw;
    raw.input("x", {-1, kIn})
        .grid("x", x_scale, x_zero, x.dtype)
        .grid("y", y_scale, y_zero, y.dtype);
    const Shape per = weight_scale.size() == 1 ? Shape{} : Shape{kOut};
    raw.floats("w_s", per, weight_scale).codes("w_z", per, w.dtype, weight_zero);
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq");
    return raw.output("out");
  }
  Ints turned() const {
    Ints codes(weights.size());
    for (std::size_t i = 0; i < kIn; ++i) {
      for (std::size_t o = 0; o < kOut; ++o) codes[o * kIn + i] = weights[i * kOut + o];
    }
    return codes;
  }
  Floats bias_scale() const {
    Floats scales;
    for (float scale : weight_scale) scales.push_back(x_scale * scale);
    return scales;
  }

  Raw as_matmul() const {  // QLinearMatMul has no bias
    Raw raw = common();
    raw.codes("w", {kIn, kOut}, w.dtype, weights);
    raw.node("QLinearMatMul", {"xq", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z"}, "yq");
    raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
    return raw;
  }
  Raw as_qgemm() const {
    Raw raw = common();
    raw.codes("w", {kOut, kIn}, w.dtype, turned()).codes("b", {kOut}, DType::kInt32, bias);
    raw.node("com.microsoft:QGemm", {"xq", "x_s", "x_z", "w", "w_s", "w_z", "b", "y_s", "y_z"},
             "yq", {{"transB", std::int64_t{1}}});
    raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
    return raw;
  }
  // Gemm between DequantizeLinear and QuantizeLinear, its weights [out, in] or [in, out].
  Raw as_gemm(bool transposed) const {
    Raw raw = common();
    const Shape shape = transposed ? Shape{kOut, kIn} : Shape{kIn, kOut};
    raw.codes("w", shape, w.dtype, transposed ? turned() : weights);
    const Shape per = weight_scale.size() == 1 ? Shape{} : Shape{kOut};
    raw.codes("b", {kOut}, DType::kInt32, bias).floats("b_s", per, bias_scale());
    raw.node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
    raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd",
             {{"axis", std::int64_t{transposed ? 0 : -1}}});
    raw.node("DequantizeLinear", {"b", "b_s"}, "bd", {{"axis", std::int64_t{0}}});
    raw.node("Gemm", {"xd", "wd", "bd"}, "g", {{"transB", std::int64_t{transposed}}});
    raw.node("QuantizeLinear", {"g", "y_s", "y_z"}, "yq");
    raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
    return raw;
  }
};

std::vector<Product> products() {
  std::vector<Product> list;
  for (const Type& x : kTypes) {
    for (const Type& w : kTypes) {
      for (bool per_channel : {false, true}) {
        Product p{x, w, x, random_codes(40, w.low, w.high), {}, {}, random_codes(5, -300, 300)};
        p.x_scale = 4.0f / static_cast<float>(x.high - x.low);
        p.x_zero = x.low + (x.high - x.low) / 2;
        p.y_scale = 5.0f * p.x_scale;
        p.y_zero = x.low + (x.high - x.low) / 3;
        for (std::size_t o = 0; o < (per_channel ? 5u : 1u); ++o) {
          p.weight_scale.push_back(0.7f / static_cast<float>(w.high) +
                                   0.01f * static_cast<float>(o));
          p.weight_zero.push_back(w.low + (w.high - w.low) / 2 + static_cast<std::int32_t>(o % 2));
        }
        list.push_back(p);
      }
    }
  }
  return list;
}

TEST(LiftQuantized, ProductsOfCodesAreTheStandards) {
  for (const Product& p : products()) {
    SCOPED_TRACE(std::string(dtype_name(p.x.dtype)) + " * " + dtype_name(p.w.dtype) + " with " +
                 std::to_string(p.weight_scale.size()) + " scales");
    Product unbiased = p;
    unbiased.bias.clear();
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Floats image = picture(Product::kIn, seed);
      EXPECT_EQ(run(converted(unbiased.as_matmul()), image), unbiased.expected(image));
      EXPECT_EQ(run(converted(p.as_qgemm()), image), p.expected(image));
      EXPECT_EQ(run(converted(p.as_gemm(true)), image), p.expected(image));
      EXPECT_EQ(run(converted(p.as_gemm(false)), image), p.expected(image));
    }
  }
}

// A bias that no float holds, 2^24 + 1 of the accumulator's units, and how far it moves the result.
TEST(LiftQuantized, ABiasKeepsEveryBit) {
  for (std::int32_t bias : {16777216, 16777217, 33554435, 1100000001, -1100000001}) {
    Product p{kTypes[1], kTypes[0], kTypes[0],    random_codes(40, -128, 127),
              {0},       {0.01f},   Ints(5, bias)};
    const Graph graph = prepared(p.as_gemm(true));
    const QModel model = convert(graph, {});
    bool found = false;
    for (const QNode& node : model.nodes) {
      const auto* gemm = std::get_if<QFullyConnected>(&node.op);
      if (gemm == nullptr) continue;
      EXPECT_EQ(gemm->bias, p.bias);
      found = true;
    }
    EXPECT_TRUE(found);
  }
}

// A float bias, and one in another unit, are rounded to the accumulator's.
TEST(LiftQuantized, AFloatBiasIsRoundedToTheAccumulatorsUnit) {
  Product p{kTypes[1], kTypes[0], kTypes[0], random_codes(40, -128, 127), {0}, {0.01f}, Ints(5, 0)};
  Raw raw = p.as_gemm(true);
  const float unit = p.x_scale * 0.01f;
  raw.codes("b", {5}, DType::kInt32, {10, -7, 3, 100, -1000}).floats("b_s", {}, {2.0f * unit});
  const QModel model = converted(raw);
  for (const QNode& node : model.nodes) {
    if (const auto* gemm = std::get_if<QFullyConnected>(&node.op)) {
      EXPECT_EQ(gemm->bias, (Ints{20, -14, 6, 200, -2000}));
    }
  }
}

}  // namespace
}  // namespace gradus
