#include "gradus/graph/constant_folding.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::floats;
using testing_support::int64;
using testing_support::int64s;
using testing_support::Integers;
using testing_support::OnnxGraph;

// The constant that a node of constants becomes.
template <typename T>
std::vector<T> folded(const std::string& op, const std::vector<Tensor>& inputs,
                      std::map<std::string, Attribute> attributes = {}) {
  OnnxGraph g({-1, 4});
  std::vector<ValueId> ids;
  for (const auto& input : inputs) ids.push_back(g.constant(input));
  const Graph graph = g.normal({g.add(op, ids, std::move(attributes))});
  EXPECT_TRUE(graph.nodes.empty()) << op;
  const auto& constant = graph.value(graph.outputs[0]).constant;
  EXPECT_TRUE(constant.has_value()) << op;
  const auto span = constant->as<T>();
  return {span.begin(), span.end()};
}

TEST(Fold, ComputesArithmeticWithBroadcasting) {
  EXPECT_EQ(folded<float>("Add", {floats({2, 2}, {1, 2, 3, 4}), floats({2}, {10, 20})}),
            (std::vector<float>{11, 22, 13, 24}));
  EXPECT_EQ(folded<std::int64_t>("Sub", {int64s({1, 2}), int64(5)}), (Integers{-4, -3}));
  EXPECT_EQ(folded<std::int64_t>("Mul", {int64s({3, -4}), int64s({2, 2})}), (Integers{6, -8}));
  EXPECT_EQ(folded<std::int64_t>("Div", {int64s({7, -7}), int64(2)}), (Integers{3, -3}));
  EXPECT_EQ(folded<float>("Div", {floats({1}, {1}), floats({1}, {4})}),
            (std::vector<float>{0.25f}));
}

TEST(Fold, WrapsIntegersInsteadOfOverflowing) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(folded<std::int64_t>("Div", {int64s({kLeast}), int64(-1)}), (Integers{kLeast}));
  EXPECT_EQ(folded<std::int64_t>("Add", {int64s({kLeast}), int64(-1)}),
            (Integers{std::numeric_limits<std::int64_t>::max()}));
}

TEST(Fold, RefusesToDivideByZero) {
  expect_error(ErrorCode::kInvalidFile, {"Div_0", "by 0"},
               [] { folded<std::int64_t>("Div", {int64s({1}), int64(0)}); });
}

TEST(Fold, JoinsGathersAndCuts) {
  EXPECT_EQ(
      folded<std::int64_t>("Concat", {int64s({1, 2}), int64s({3})}, {{"axis", std::int64_t{0}}}),
      (Integers{1, 2, 3}));
  EXPECT_EQ(folded<float>("Concat", {floats({2, 1}, {1, 2}), floats({2, 2}, {3, 4, 5, 6})},
                          {{"axis", std::int64_t{-1}}}),
            (std::vector<float>{1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(folded<float>("Gather", {floats({2, 3}, {1, 2, 3, 4, 5, 6}), int64s({2, -3})},
                          {{"axis", std::int64_t{1}}}),
            (std::vector<float>{3, 1, 6, 4}));
  EXPECT_EQ(folded<std::int64_t>("Slice", {int64s({0, 1, 2, 3, 4}), int64s({1}), int64s({5}),
                                           int64s({0}), int64s({2})}),
            (Integers{1, 3}));
}

// PyTorch writes the end of a reversed slice as -(2^63 - 1).
TEST(Fold, CutsBackwards) {
  EXPECT_EQ(folded<std::int64_t>("Slice", {int64s({0, 1, 2, 3}), int64s({-1}),
                                           int64s({-std::numeric_limits<std::int64_t>::max()}),
                                           int64s({0}), int64s({-1})}),
            (Integers{3, 2, 1, 0}));
  EXPECT_EQ(folded<std::int64_t>("Slice", {int64s({0, 1, 2, 3, 4}), int64s({4}), int64s({0}),
                                           int64s({0}), int64s({-3})}),
            (Integers{4, 1}));
}

TEST(Fold, MovesAndFills) {
  EXPECT_EQ(folded<float>("Transpose", {floats({2, 3}, {1, 2, 3, 4, 5, 6})}),
            (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(folded<float>("Pad", {floats({2}, {1, 2}), int64s({1, 2})}),
            (std::vector<float>{0, 1, 2, 0, 0}));
  EXPECT_EQ(folded<std::int64_t>("ConstantOfShape", {int64s({3})}, {{"value", int64s({7})}}),
            (Integers{7, 7, 7}));
  EXPECT_EQ(folded<float>("ConstantOfShape", {int64s({2})}), (std::vector<float>{0, 0}));
  EXPECT_EQ(folded<std::int64_t>("Unsqueeze", {int64(5), int64s({0})}), (Integers{5}));
  EXPECT_EQ(folded<std::int64_t>("Reshape", {int64s({1, 2, 3, 4}), int64s({2, -1})}),
            (Integers{1, 2, 3, 4}));
}

TEST(Fold, CastsAndRefusesWhatDoesNotFit) {
  EXPECT_EQ(folded<std::int64_t>("Cast", {floats({2}, {2.9f, -2.9f})}, {{"to", std::int64_t{7}}}),
            (Integers{2, -2}));
  EXPECT_EQ(folded<float>("Cast", {int64s({3})}, {{"to", std::int64_t{1}}}),
            (std::vector<float>{3}));
  for (float value : {1e30f, std::numeric_limits<float>::quiet_NaN(), -200.0f}) {
    expect_error(ErrorCode::kInvalidFile, {"Cast_0"}, [&] {
      folded<std::int8_t>("Cast", {floats({1}, {value})}, {{"to", std::int64_t{3}}});
    });
  }
}

TEST(Fold, RefusesAnIndexOutside) {
  expect_error(ErrorCode::kInvalidFile, {"Gather_0", "999"},
               [] { folded<float>("Gather", {floats({4}, {1, 2, 3, 4}), int64s({999})}); });
}

TEST(Fold, RefusesToMakeMoreThanItsBudget) {
  constexpr std::int64_t kLimit = FoldingBudget::kLeastBytes / 4;
  const auto spread = [](std::int64_t size) {
    OnnxGraph g({-1, 4});
    return g.normal({g.add("Expand", {g.constant(floats({1}, {1})), g.constant(int64s({size}))})});
  };
  expect_error(ErrorCode::kUnsupported, {"Expand_0", "bytes more"}, [&] { spread(kLimit + 1); });
  // Several small ones together as well.
  OnnxGraph g({-1, 4});
  const ValueId one = g.constant(floats({1}, {1}));
  const ValueId shape = g.constant(int64s({kLimit / 4}));
  std::vector<ValueId> made;
  for (int i = 0; i < 5; ++i) made.push_back(g.add("Expand", {one, shape}));
  expect_error(ErrorCode::kUnsupported, {"Expand_4"}, [&] { g.normal(made); });
}

TEST(Fold, FillsTheWeightsOfALargeNetworkButNoMore) {
  constexpr std::int64_t kLimit = FoldingBudget::kMostFilled;
  expect_error(ErrorCode::kUnsupported, {"ConstantOfShape_0", "elements"},
               [] { folded<float>("ConstantOfShape", {int64s({kLimit + 1})}); });
  OnnxGraph g({-1, 4});
  const ValueId shape = g.constant(int64s({FoldingBudget::kLeastBytes}));
  g.normal({g.add("ConstantOfShape", {shape})});
  // Numbers that are no weights are made as soon as they are there.
  expect_error(ErrorCode::kUnsupported, {"ConstantOfShape_0", "bytes more"}, [&] {
    const std::int64_t seven = 7;
    folded<std::int64_t>("ConstantOfShape", {int64s({FoldingBudget::kLeastBytes})},
                         {{"value", Tensor::from<std::int64_t>({1}, {&seven, 1})}});
  });
}

TEST(Fold, MovesOneNumberThroughoutWithoutMakingItsElements) {
  constexpr std::int64_t kSide = 1 << 13;
  OnnxGraph g({-1, kSide});
  const ValueId shape = g.constant(int64s({kSide, kSide}));
  const float half = 0.5f;
  const ValueId filled =
      g.add("ConstantOfShape", {shape}, {{"value", Tensor::from<float>({1}, {&half, 1})}});
  const ValueId turned = g.add("Transpose", {filled}, {{"perm", Integers{1, 0}}});
  const Graph graph = g.normal({g.add("Gemm", {g.x, turned}, {{"alpha", 4.0f}})});
  const Tensor& weights = *graph.value(graph.nodes.at(0).inputs.at(1)).constant;
  EXPECT_EQ(weights.shape(), (Shape{kSide, kSide}));
  EXPECT_EQ(weights.bytes_unmade(), weights.byte_count());
  EXPECT_EQ(weights.element().as<float>()[0], 2.0f);
}

TEST(Fold, RefusesOneNumberThroughoutWhereItIsNoWeight) {
  OnnxGraph g({-1, 4});
  const ValueId filled = g.add("ConstantOfShape", {g.constant(int64s({1, 4, 1 << 22}))});
  const ValueId wide = g.add("Unsqueeze", {g.x, g.constant(int64s({2}))});
  expect_error(ErrorCode::kUnsupported, {"Mul_", "bytes more"},
               [&] { g.normal({g.add("Mul", {wide, filled})}); });
}

TEST(Fold, RefusesToReadOrMultiplyWithoutEnd) {
  const std::vector<float> some(1 << 20, 1.0f);
  OnnxGraph g({-1, 4});
  const ValueId list = g.constant(floats({1 << 20}, some));
  std::vector<ValueId> sums;
  for (int i = 0; i < 100; ++i) sums.push_back(g.add("ReduceMax", {list}));
  expect_error(ErrorCode::kUnsupported, {"ReduceMax_", "steps"}, [&] { g.normal(sums); });
  OnnxGraph h({-1, 4});
  const ValueId matrix = h.constant(floats({1 << 10, 1 << 10}, some));
  expect_error(ErrorCode::kUnsupported, {"MatMul_0", "steps"},
               [&] { h.normal({h.add("MatMul", {matrix, matrix})}); });
}

}  // namespace
}  // namespace gradus
