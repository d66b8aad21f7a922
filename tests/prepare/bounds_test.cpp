// What a small network can make the passes hold and do is bounded.
#include <gtest/gtest.h>

#include "gradus/graph/builder.h"
#include "gradus/prepare/check_network.h"
#include "gradus/prepare/filled_weights.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/prepare.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using Integers = std::vector<std::int64_t>;

Tensor filled(const Shape& shape) {
  const float half = 0.5f;
  return Tensor::filled(Tensor::from<float>({}, {&half, 1}), shape);
}

// `count` layers, one behind the other, of one weight tensor of a MiB.
Graph sharing(int count) {
  GraphBuilder b("sharing", 1);
  ValueId x = b.input("x", {-1, 512});
  const ValueId w = b.constant("w", {512, 512}, std::vector<float>(512 * 512, 0.1f));
  for (int i = 0; i < count; ++i) {
    x = b.node("fc" + std::to_string(i), "Gemm", {x, w},
               {{"alpha", 1.0f},
                {"beta", 1.0f},
                {"transA", std::int64_t{0}},
                {"transB", std::int64_t{1}}});
  }
  return b.finish(x, "y");
}

TEST(Bounds, LayersThatShareWeightsGetCopiesOf128MiBInAll) {
  Recipe recipe;
  recipe.quantize = false;
  Graph fits = sharing(129);
  prepare(fits, recipe);
  Graph more = sharing(130);
  expect_error(ErrorCode::kUnsupported, {"node 'fc129' (Gemm)", "shares 'w'"},
               [&] { prepare(more, recipe); });
  const auto problems = check_network(sharing(200), Recipe{});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].node, "fc129");
  EXPECT_EQ(problems[0].op, "Gemm");
}

TEST(Bounds, FilledBudgetCountsWhatHasNoBytesYet) {
  FilledBudget budget;
  const Tensor large = filled({kMostFilledMade});
  EXPECT_TRUE(budget.take(Tensor(DType::kFloat32, {8})));
  EXPECT_TRUE(budget.take(large));
  EXPECT_FALSE(budget.take(filled({2})));
  EXPECT_TRUE(budget.take(Tensor(DType::kFloat32, {8})));
  FilledBudget other;
  EXPECT_FALSE(other.take(filled({kMostFilledMade + 1})));
}

// Weights of one number throughout, behind which a product with a constant or a batch norm stands.
Graph large_layer(bool norm) {
  GraphBuilder b("large", 1);
  const ValueId x = b.input("x", {-1, 1 << 13, 1, 1});
  const ValueId half = b.constant("half", {}, {0.5f});
  ValueId y = b.conv("conv", x, 4, {.kernel = 1});
  y = norm ? b.batch_norm("norm", y) : b.node("times", "Mul", {y, half});
  Graph graph = b.finish(y, "y");
  // As large as one layer may not be changed.
  const std::int64_t outputs = (kMostFilledMade >> 13) + 1;
  for (Value& value : graph.values) {
    if (value.name == "conv.weight") {
      value.shape = Shape{outputs, 1 << 13, 1, 1};
      value.constant = filled(*value.shape);
    } else if (value.constant && value.constant->shape() == Shape{4}) {
      value.shape = Shape{outputs};
      value.constant = Tensor::from<float>(
          {outputs}, std::vector<float>(static_cast<std::size_t>(outputs), 1.0f));
    } else if (!value.constant && value.name != "x") {
      value.shape = Shape{-1, outputs, 1, 1};
    }
  }
  return graph;
}

TEST(Bounds, AProductStaysBehindWeightsThatAreTooManyToChange) {
  Graph graph = large_layer(false);
  Recipe recipe;
  recipe.quantize = false;
  prepare(graph, recipe);
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[1].op, "Mul");
}

TEST(Bounds, ABatchNormIsNotFoldedIntoWeightsThatAreTooMany) {
  Graph graph = large_layer(true);
  Recipe recipe;
  recipe.bn = BatchNormMode::kFold;
  expect_error(ErrorCode::kUnsupported, {"node 'conv' (Conv)", "too many to fold"},
               [&] { prepare(graph, recipe); });
  Graph separate = large_layer(true);
  recipe.bn = BatchNormMode::kSeparate;
  prepare(separate, recipe);
  EXPECT_GT(separate.value(separate.nodes[0].inputs[1]).constant->bytes_unmade(), 0u);
}

TEST(Bounds, MovementsBeyondTheirNumberOfElementsAreMarked) {
  GraphBuilder b("moves", 1);
  const ValueId x = b.input("x", {-1, 1 << 22});
  ValueId y = x;
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    y = b.node("r" + n, "Reshape", {y}, {{"shape", Integers{-1, 2048, 2048}}});
    y = b.node("t" + n, "Transpose", {y}, {{"perm", Integers{0, 2, 1}}});
    y = b.node("f" + n, "Flatten", {y}, {{"axis", std::int64_t{1}}});
    y = b.node("a" + n, "Add", {y, x});
  }
  Graph graph = b.finish(y, "y");
  mark_groups(graph);
  int marked = 0, first = -1;
  for (const Node& node : graph.nodes) {
    if (!node.attributes.contains("unmapped")) continue;
    if (marked++ == 0) first = std::stoi(node.name.substr(1));
  }
  EXPECT_GT(marked, 0);
  EXPECT_LT(marked, 30);
  EXPECT_GT(first, 1);
}

}  // namespace
}  // namespace gradus
