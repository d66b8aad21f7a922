#include "gradus/runtime/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "tests/support/expect_error.h"
#include "tests/support/random_model.h"

namespace gradus {
namespace {

using testing_support::random_model;

QTensor codes(const char* name, std::int32_t extent, std::int32_t channels) {
  QTensor t;
  t.name = name;
  t.height = t.width = extent;
  t.channels = channels;
  return t;
}

QConv conv(std::int32_t kernel, std::int32_t pad, std::int32_t in, std::int32_t out) {
  QConv op;
  op.kernel_h = op.kernel_w = kernel;
  op.pad_top = op.pad_left = op.pad_bottom = op.pad_right = pad;
  op.weights.grid = {-127, 127, false};
  op.weights.codes.assign(static_cast<std::size_t>(kernel * kernel * in * out), 1);
  op.weights.zero_point = {0};
  op.bias.assign(static_cast<std::size_t>(out), 0);
  op.output.accumulator_scale = {1.0};
  return op;
}

// input -> q -> (3x3 pad 1, 5x5 pad 2) -> their sum -> 1x1 average -> flatten -> 1x1 again
QModel diamond() {
  QModel m;
  QTensor input = codes("input", 8, 3);
  input.kind = QTensorKind::kFloat;
  m.tensors = {input,
               codes("q", 8, 3),
               codes("a", 8, 5),
               codes("b", 8, 5),
               codes("sum", 8, 5),
               codes("avg", 1, 5),
               codes("flat", 1, 5),
               codes("fc", 1, 7)};
  QPool pool;
  pool.average = true;
  pool.kernel_h = pool.kernel_w = 8;
  QConv one = conv(1, 0, 5, 7);
  QFullyConnected fc;
  fc.weights = one.weights;
  fc.bias = one.bias;
  fc.output = one.output;
  m.nodes = {{"quantize", QQuantize{}, {0}, 1},
             {"a", conv(3, 1, 3, 5), {1}, 2},
             {"b", conv(5, 2, 3, 5), {1}, 3},
             {"add", QAdd{}, {2, 3}, 4},
             {"avg", pool, {4}, 5},
             {"flatten", QFlatten{}, {5}, 6},
             {"fc", fc, {6}, 7}};
  m.outputs = {7};
  return m;
}

TEST(Plan, GivesATensorTheLargestHaloOfItsConsumers) {
  const QModel model = diamond();
  validate(model, "diamond");
  const Plan plan = make_plan(model, 4);
  const TensorLayout& q = plan.tensors[1];
  EXPECT_EQ(q.halo.top, 2);
  EXPECT_EQ(q.halo.bottom, 2);
  EXPECT_EQ(q.halo.left, 2);
  EXPECT_EQ(q.halo.right, 2);
  EXPECT_EQ(q.view.pixel_step, 4);
  EXPECT_EQ(q.view.row_step, 4 * 12);
  EXPECT_EQ(q.view.image_step, 4 * 12 * 12);
  EXPECT_EQ(q.origin, static_cast<std::size_t>(2 * 48 + 2 * 4));
  EXPECT_EQ(q.bytes, static_cast<std::size_t>(4 * 4 * 144 + 64));
  EXPECT_EQ(plan.tensors[2].halo.top, 0);
  EXPECT_EQ(plan.tensors[2].view.pixel_step, 8);
}

TEST(Plan, LeavesOutPaddingThatNoWindowReaches) {
  QModel model = diamond();
  auto& b = std::get<QConv>(model.nodes[2].op);
  b.stride_h = b.stride_w = 2;  // rows 0, 2, 4, 6: the last reads to row 8 of 8
  model.tensors[3].height = model.tensors[3].width = 4;
  model.nodes.resize(3);
  model.tensors.resize(4);
  model.outputs = {2, 3};
  validate(model, "strided");
  const Plan plan = make_plan(model, 1);
  EXPECT_EQ(plan.tensors[1].halo.top, 2);
  EXPECT_EQ(plan.tensors[1].halo.bottom, 1);
  EXPECT_EQ(plan.tensors[1].halo.right, 1);
}

TEST(Plan, GivesAFlattenedPixelNoMemoryOfItsOwn) {
  const Plan plan = make_plan(diamond(), 4);
  EXPECT_EQ(plan.tensors[6].storage, 5);
  EXPECT_EQ(plan.tensors[6].offset, plan.tensors[5].offset);
  EXPECT_EQ(plan.tensors[7].storage, 7);
}

TEST(Plan, IsSmallerThanAllTensorsTogether) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const QModel model = random_model(seed, {.nodes = 20});
    const Plan plan = make_plan(model, 8);
    std::size_t together = 0;
    for (const TensorLayout& layout : plan.tensors) together += layout.bytes + 64;
    EXPECT_LE(plan.arena_bytes, together);
  }
}

TEST(Plan, RefusesABatchPastAllMemory) {
  QModel model = diamond();
  for (std::size_t i : {0u, 1u, 2u, 3u, 4u}) model.tensors[i].height = 1 << 20;
  testing_support::expect_error(ErrorCode::kUnsupported, {"lower the largest batch"},
                                [&] { make_plan(model, 1 << 16); });
}

TEST(RuntimeOps, HoldEveryOperatorOnce) {
  std::set<std::string_view> names;
  for (const RuntimeOp& op : runtime_ops()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_NE(op.prepare, nullptr) << op.name;
  }
  EXPECT_EQ(names.size(), std::variant_size_v<QOperator>);
  const QModel model = diamond();
  for (const QNode& node : model.nodes) {
    EXPECT_STREQ(runtime_op(node.op).name, operator_name(node.op));
  }
}

}  // namespace
}  // namespace gradus
