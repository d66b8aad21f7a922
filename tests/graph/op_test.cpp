#include "gradus/graph/op.h"

#include <gtest/gtest.h>

#include <set>

#include "gradus/base/error.h"

namespace gradus {
namespace {

std::vector<GraphOp> all_ops() {
  std::vector<GraphOp> list;
  for (const auto& family : graph_ops()) list.insert(list.end(), family.begin(), family.end());
  return list;
}

TEST(GraphOps, EachInfersShapesAndIsFoundByItsName) {
  std::set<std::string> names;
  for (const auto& op : all_ops()) {
    EXPECT_TRUE(names.insert(op.type).second) << op.type << " is there twice";
    EXPECT_NE(op.infer_shape, nullptr) << op.type;
    EXPECT_LE(op.min_inputs, op.max_inputs) << op.type;
    EXPECT_EQ(op.moved_inputs > 0 && op.evaluate == nullptr, false) << op.type;
    ASSERT_NE(find_graph_op(op.type), nullptr);
    EXPECT_EQ(find_graph_op(op.type)->type, op.type);
  }
  EXPECT_EQ(find_graph_op("NoSuchOperator"), nullptr);
}

TEST(GraphOps, EachRefusesANodeWithoutInputsByName) {
  for (const auto& op : all_ops()) {
    if (op.min_inputs == 0) continue;
    const Node node{"the node", op.type, {}, {}, {}};
    try {
      op.infer_shape(Graph(), node);
      // Sizes that are attributes need no input.
      EXPECT_EQ(op.type, "ConstantOfShape");
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("'the node' (" + op.type + ")"), std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace gradus
