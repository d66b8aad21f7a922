#include "gradus/floatops/float_op.h"

#include <cmath>
#include <set>

#include "tests/floatops/run_op.h"

namespace gradus {
namespace {

using floatops::AttributeValue;
using testing_support::run_op;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;
using Text = std::string;

TEST(FloatOps, EachComputesOrMovesAndIsFoundByItsName) {
  std::set<std::string> names;
  for (const auto& family : float_ops()) {
    for (const auto& op : family) {
      EXPECT_TRUE(names.insert(op.type).second) << op.type << " is there twice";
      EXPECT_NE(op.run == nullptr, op.move == nullptr) << op.type;
      ASSERT_NE(floatops::find_float_op(op.type), nullptr);
      EXPECT_EQ(floatops::find_float_op(op.type)->type, op.type);
    }
  }
  EXPECT_EQ(floatops::find_float_op("NoSuchOperator"), nullptr);
}

std::map<std::string, AttributeValue> window(Integers kernel, Integers strides, Integers pads,
                                             Integers dilations = {1, 1}) {
  return {{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}, {"dilations", dilations}};
}

// Every output by the definition, in double.
Floats slow_conv(const Floats& x, const Shape& in, const Floats& w, const Shape& weights,
                 const Floats& bias, std::int64_t stride, std::int64_t dilation, std::int64_t group,
                 std::int64_t pad, const Shape& out) {
  Floats y;
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t o = 0; o < out[1]; ++o)
      for (std::int64_t r = 0; r < out[2]; ++r)
        for (std::int64_t c = 0; c < out[3]; ++c) {
          double sum = 0.0;
          for (std::int64_t k = 0; k < weights[1]; ++k)
            for (std::int64_t i = 0; i < weights[2]; ++i)
              for (std::int64_t j = 0; j < weights[3]; ++j) {
                const std::int64_t row = r * stride - pad + i * dilation;
                const std::int64_t column = c * stride - pad + j * dilation;
                if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
                const std::int64_t channel = o / (out[1] / group) * weights[1] + k;
                const auto from = ((n * in[1] + channel) * in[2] + row) * in[3] + column;
                const auto at = ((o * weights[1] + k) * weights[2] + i) * weights[3] + j;
                sum += static_cast<double>(w[static_cast<std::size_t>(at)]) *
                       static_cast<double>(x[static_cast<std::size_t>(from)]);
              }
          y.push_back(
              static_cast<float>(static_cast<double>(bias[static_cast<std::size_t>(o)]) + sum));
        }
  return y;
}

TEST(FloatOps, ConvIsItsDefinitionGroupedStridedAndDilated) {
  const Shape in = {2, 4, 15, 13};
  Floats x(2 * 4 * 15 * 13);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  for (std::int64_t group : {1, 2, 4}) {
    for (std::int64_t stride : {1, 2}) {
      for (std::int64_t dilation : {1, 2}) {
        const Shape weights = {8, 4 / group, 3, 3};
        Floats w(static_cast<std::size_t>(8 * 4 / group * 9)), bias(8);
        for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::cos(static_cast<float>(3 * i));
        for (std::size_t i = 0; i < 8; ++i) bias[i] = static_cast<float>(i);
        const auto size = [&](std::int64_t n) { return (n + 2 - 2 * dilation - 1) / stride + 1; };
        const Shape out = {2, 8, size(15), size(13)};
        auto attributes = window({3, 3}, {stride, stride}, {1, 1, 1, 1}, {dilation, dilation});
        attributes["group"] = group;
        EXPECT_EQ(run_op("Conv", attributes, {{in, x}, {weights, w}, {{8}, bias}}, out),
                  slow_conv(x, in, w, weights, bias, stride, dilation, group, 1, out));
      }
    }
  }
}

TEST(FloatOps, ConvTransposeSpreadsEachInput) {
  auto attributes = window({2, 2}, {2, 2}, {0, 0, 1, 1});
  attributes["group"] = std::int64_t{1};
  EXPECT_EQ(run_op("ConvTranspose", attributes,
                   {{{1, 1, 2, 2}, {1, 2, 3, 4}}, {{1, 1, 2, 2}, {1, 10, 100, 1000}}, {{1}, {5}}},
                   {1, 1, 3, 3}),
            (Floats{6, 15, 7, 105, 1005, 205, 8, 35, 9}));
}

TEST(FloatOps, PoolsLeavePaddingOut) {
  const testing_support::FloatTensor x{{1, 1, 2, 3}, {1, -2, 3, -4, 5, -6}};
  auto attributes = window({2, 2}, {1, 1}, {1, 0, 0, 0});
  EXPECT_EQ(run_op("MaxPool", attributes, {x}, {1, 1, 2, 2}), (Floats{1, 3, 5, 5}));
  attributes["count_include_pad"] = std::int64_t{0};
  EXPECT_EQ(run_op("AveragePool", attributes, {x}, {1, 1, 2, 2}), (Floats{-0.5, 0.5, 0, 0}));
  attributes["count_include_pad"] = std::int64_t{1};
  EXPECT_EQ(run_op("AveragePool", attributes, {x}, {1, 1, 2, 2}), (Floats{-0.25, 0.25, 0, 0}));
  EXPECT_EQ(run_op("GlobalAveragePool", {}, {x}, {1, 1, 1, 1}), (Floats{-0.5}));
  EXPECT_EQ(run_op("GlobalMaxPool", {}, {x}, {1, 1, 1, 1}), (Floats{5}));
}

TEST(FloatOps, MatMulBroadcastsItsBatch) {
  EXPECT_EQ(
      run_op("MatMul", {}, {{{2, 1, 2}, {1, 2, 3, 4}}, {{2, 2}, {1, 10, 100, 1000}}}, {2, 1, 2}),
      (Floats{201, 2010, 403, 4030}));
  EXPECT_EQ(run_op("MatMul", {}, {{{2}, {1, 2}}, {{2}, {3, 4}}}, {}), (Floats{11}));
  EXPECT_EQ(run_op("Gemm", {}, {{{2, 2}, {1, 2, 3, 4}}, {{1, 2}, {1, 10}}, {{1}, {0.5}}}, {2, 1}),
            (Floats{21.5, 43.5}));
}

TEST(FloatOps, ReduceOverAnyAxes) {
  const testing_support::FloatTensor x{{2, 3}, {1, -2, 3, 4, 5, 6}};
  EXPECT_EQ(run_op("ReduceSum", {{"axes", Integers{0}}}, {x}, {1, 3}), (Floats{5, 3, 9}));
  EXPECT_EQ(run_op("ReduceMax", {{"axes", Integers{1}}}, {x}, {2, 1}), (Floats{3, 6}));
  EXPECT_EQ(run_op("ReduceMean", {{"axes", Integers{0, 1}}}, {x}, {1, 1}),
            (Floats{static_cast<float>(17.0 / 6.0)}));
  EXPECT_EQ(run_op("ReduceMin", {{"axes", Integers{}}}, {x}, {2, 3}), x.data);
  EXPECT_EQ(run_op("ReduceL2", {{"axes", Integers{0}}}, {{{2}, {3, 4}}}, {1}), (Floats{5}));
}

TEST(FloatOps, DepthAndSpaceAreEachOthersInverse) {
  const testing_support::FloatTensor x{{1, 4, 1, 1}, {1, 2, 3, 4}};
  const std::map<std::string, AttributeValue> block = {{"blocksize", std::int64_t{2}},
                                                       {"mode", Text("DCR")}};
  EXPECT_EQ(run_op("DepthToSpace", block, {x}, {1, 1, 2, 2}), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(run_op("SpaceToDepth", block, {{{1, 1, 2, 2}, {1, 2, 3, 4}}}, {1, 4, 1, 1}), x.data);
}

TEST(FloatOps, MoveElementsOfEveryWidth) {
  const std::vector<std::uint16_t> x = {1, 2, 3, 4};
  std::vector<std::uint16_t> y(6);
  const floatops::CellInput in{reinterpret_cast<const std::byte*>(x.data()), {2, 2}};
  const floatops::CellOutput out{reinterpret_cast<std::byte*>(y.data()), {2, 3}};
  floatops::find_float_op("Gather")->move(
      floatops::Attributes({{"axis", std::int64_t{1}}, {"indices", Integers{1, 0, 1}}}), 2,
      {&in, 1}, {&out, 1});
  EXPECT_EQ(y, (std::vector<std::uint16_t>{2, 1, 2, 4, 3, 4}));
}

TEST(FloatOps, SoftmaxIsStableFarFromZero) {
  const Floats y = run_op("Softmax", {{"axis", std::int64_t{1}}}, {{{1, 2}, {1e4f, 1e4f}}}, {1, 2});
  EXPECT_EQ(y, (Floats{0.5, 0.5}));
  const Floats log =
      run_op("LogSoftmax", {{"axis", std::int64_t{0}}}, {{{2}, {-1e4f, -1e4f}}}, {2});
  EXPECT_EQ(log[0], static_cast<float>(-std::log(2.0)));
}

TEST(FloatOps, ActivationsAtAndBesideTheirBends) {
  const testing_support::FloatTensor x{{4}, {-4, -1, 0, 4}};
  EXPECT_EQ(run_op("Relu", {}, {x}, {4}), (Floats{0, 0, 0, 4}));
  EXPECT_EQ(run_op("LeakyRelu", {{"alpha", 0.5f}}, {x}, {4}), (Floats{-2, -0.5, 0, 4}));
  EXPECT_EQ(run_op("HardSwish", {}, {x}, {4})[1], static_cast<float>(-1.0 * (0.5 - 1.0 / 6.0)));
  EXPECT_EQ(run_op("Clip", {{"min", -1.0f}}, {x}, {4}), (Floats{-1, -1, 0, 4}));
  EXPECT_EQ(run_op("Softplus", {}, {{{2}, {1e4f, -1e4f}}}, {2}), (Floats{1e4f, 0}));
  EXPECT_TRUE(std::isnan(run_op("Relu", {}, {{{1}, {NAN}}}, {1})[0]));
  EXPECT_TRUE(std::isnan(run_op("Max", {}, {{{1}, {1}}, {{1}, {NAN}}}, {1})[0]));
}

}  // namespace
}  // namespace gradus
