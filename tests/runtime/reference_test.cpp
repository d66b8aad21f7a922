// The reference on numbers that can be checked by hand.
#include "gradus/runtime/reference.h"

#include <gtest/gtest.h>

#include <limits>

namespace gradus {
namespace {

QTensor tensor(const char* name, std::int32_t h, std::int32_t w, std::int32_t c) {
  QTensor t;
  t.name = name;
  t.height = h;
  t.width = w;
  t.channels = c;
  return t;
}

// input [h, w, c] floats -> "q" (scale 1, zero point 10) -> one node -> "y"
struct Small {
  QModel model;

  Small(std::int32_t h, std::int32_t w, std::int32_t c) {
    QTensor input = tensor("input", h, w, c);
    input.kind = QTensorKind::kFloat;
    QTensor q = tensor("q", h, w, c);
    q.zero_point = 10;
    model.tensors = {input, q};
    model.nodes = {{"quantize", QQuantize{}, {0}, 1}};
  }
  ReferenceTensor run(QOperator op, QTensor y, std::vector<float> images,
                      std::vector<std::int32_t> inputs = {1}) {
    model.tensors.push_back(y);
    model.nodes.push_back({"node", op, std::move(inputs), 2});
    model.outputs = {2};
    validate(model, "small");
    const auto batch = static_cast<std::int64_t>(images.size()) /
                       (y.height == 0 ? 1
                                      : model.tensors[0].height * model.tensors[0].width *
                                            model.tensors[0].channels);
    return run_reference(model, images, batch)[2];
  }
};

using Codes = std::vector<std::int32_t>;

TEST(Reference, RoundsTiesToEvenAndSaturatesWhenItQuantizes) {
  Small small(1, 1, 1);
  small.model.outputs = {1};
  const std::vector<float> images = {0.5f,   1.5f,    -2.5f,
                                     300.0f, -300.0f, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(run_reference(small.model, images, 6)[1].codes, (Codes{10, 12, 8, 255, 0, 255}));
}

TEST(Reference, AddsUpAConvolutionWithZeroPadding) {
  Small small(2, 2, 1);
  QConv op;
  op.kernel_h = op.kernel_w = 3;
  op.pad_top = op.pad_left = op.pad_bottom = op.pad_right = 1;
  op.weights.grid = {0, 255, false};
  op.weights.codes = {11, 12, 13, 14, 15, 16, 17, 18, 19};  // 1 .. 9 past the zero point
  op.weights.zero_point = {10};
  op.bias = {100};
  op.output.accumulator_scale = {1.0};
  // Picture 1 2 / 3 4: cross-correlation, top left = 5*1 + 6*2 + 8*3 + 9*4 = 77, and so on.
  EXPECT_EQ(small.run(op, tensor("y", 2, 2, 1), {1, 2, 3, 4}).codes, (Codes{177, 167, 147, 137}));
}

TEST(Reference, KeepsChannelsApartInADepthwiseConvolution) {
  Small small(1, 1, 2);
  QConv op;
  op.groups = 2;
  op.weights.grid = {-127, 127, false};
  op.weights.codes = {3, -2};
  op.weights.zero_point = {0};
  op.bias = {0, 50};
  op.output.accumulator_scale = {1.0, 0.5};
  QTensor y = tensor("y", 1, 1, 2);
  y.scale = 0.5f;
  EXPECT_EQ(small.run(op, y, {4, 5}).codes, (Codes{24, 40}));
}

TEST(Reference, LeavesFloatsAsScaledAccumulatorsWithTheirClamp) {
  Small small(1, 1, 2);
  QFullyConnected op;
  op.weights.grid = {-127, 127, false};
  op.weights.codes = {1, 2, -3, 1, 100, 0};
  op.weights.zero_point = {0};
  op.bias = {1, 0, 0};
  op.output.accumulator_scale = {0.5, 0.25, 1.0};
  op.output.float_low = 0.0f;
  op.output.float_high = 6.0f;
  QTensor y = tensor("y", 1, 1, 3);
  y.kind = QTensorKind::kFloat;
  EXPECT_EQ(small.run(op, y, {2, 3}).values, (std::vector<float>{4.5f, 0.0f, 6.0f}));
}

TEST(Reference, AddsInRealNumbers) {
  Small small(1, 1, 2);
  QTensor y = tensor("y", 1, 1, 2);
  y.scale = 2.0f;
  y.zero_point = 5;
  // (4 + 4) / 2 + 5, (5 + 5) / 2 + 5
  EXPECT_EQ(small.run(QAdd{}, y, {4, 5}, {1, 1}).codes, (Codes{9, 10}));
}

TEST(Reference, NeverLetsPaddingWinAMaximum) {
  Small small(2, 2, 1);
  QPool op;
  op.kernel_h = op.kernel_w = 2;
  op.pad_top = op.pad_left = op.pad_bottom = op.pad_right = 1;
  op.stride_h = op.stride_w = 2;
  QTensor y = tensor("y", 2, 2, 1);
  y.zero_point = 10;
  EXPECT_EQ(small.run(op, y, {-1, -2, -3, -4}).codes, (Codes{9, 8, 7, 6}));
}

TEST(Reference, DividesAnAverageByWhatItCounts) {
  QPool op;
  op.average = true;
  op.kernel_h = op.kernel_w = 2;
  op.pad_top = op.pad_left = op.pad_bottom = op.pad_right = 1;
  op.stride_h = op.stride_w = 2;
  QTensor y = tensor("y", 2, 2, 1);
  EXPECT_EQ(Small(2, 2, 1).run(op, y, {4, 8, 12, 16}).codes, (Codes{4, 8, 12, 16}));
  op.count_padding = true;
  EXPECT_EQ(Small(2, 2, 1).run(op, y, {4, 8, 12, 16}).codes, (Codes{1, 2, 3, 4}));
  y.kind = QTensorKind::kFloat;
  EXPECT_EQ(Small(2, 2, 1).run(op, y, {1, 2, 3, 5}).values,
            (std::vector<float>{0.25f, 0.5f, 0.75f, 1.25f}));
}

TEST(Reference, ConcatenatesAlongChannelsAndRescales) {
  QTensor y = tensor("y", 1, 2, 2);
  y.scale = 0.5f;
  EXPECT_EQ(Small(1, 2, 1).run(QConcat{0, 13}, y, {3, 7}, {1, 1}).codes, (Codes{6, 13, 6, 13}));
}

TEST(Reference, CutsOffBelowZeroWhenARescaleIsARelu) {
  QTensor y = tensor("y", 1, 1, 3);
  y.zero_point = 10;
  EXPECT_EQ(Small(1, 1, 3).run(QRescale{10, 255}, y, {-5, 0, 5}).codes, (Codes{10, 10, 15}));
}

TEST(Reference, MovesCodesInSliceAndPad) {
  QTensor y = tensor("y", 1, 2, 1);
  y.zero_point = 10;
  const QSlice slice = {0, 0, 1, 1, 2, 1};
  // Channel 1 of columns 0 and 2.
  EXPECT_EQ(Small(1, 3, 2).run(slice, y, {1, 2, 3, 4, 5, 6}).codes, (Codes{14, 16}));
  QTensor wide = tensor("y", 1, 2, 2);
  wide.zero_point = 10;
  EXPECT_EQ(Small(1, 1, 1).run(QPad{0, 1, 0, 0, 0, 1}, wide, {7}).codes, (Codes{10, 17, 10, 10}));
}

TEST(Reference, PutsZerosBetweenRowsAndColumns) {
  QTensor y = tensor("y", 2, 5, 1);
  y.zero_point = 10;
  EXPECT_EQ(Small(1, 2, 1).run(QPad{0, 1, 1, 0, 0, 0, 3, 2}, y, {7, 8}).codes,
            (Codes{10, 17, 10, 10, 18, 10, 10, 10, 10, 10}));
}

TEST(Reference, SubtractsARepeatedPixelFromEveryOther) {
  QTensor y = tensor("y", 1, 1, 2);
  y.scale = 0.5f;
  y.zero_point = 20;
  // (5 - 5) / 0.5, (-3 - -3) / 0.5 of a tensor with itself; clamped from below.
  EXPECT_EQ(Small(1, 1, 2).run(QAdd{0, 255, true}, y, {5, -3}, {1, 1}).codes, (Codes{20, 20}));
}

TEST(Reference, MultipliesReals) {
  QTensor y = tensor("y", 1, 1, 4);
  y.scale = 2.0f;
  y.zero_point = 1;
  EXPECT_EQ(Small(1, 1, 4).run(QMultiply{0, 100}, y, {3, -4, 0, 30}, {1, 1}).codes,
            (Codes{5, 9, 1, 100}));
}

TEST(Reference, LooksUpOneTableOrOneAChannel) {
  QTensor y = tensor("y", 1, 1, 2);
  QLookup one;
  for (int i = 0; i < 256; ++i) one.table.push_back(static_cast<std::uint8_t>(255 - i));
  EXPECT_EQ(Small(1, 1, 2).run(one, y, {0, 5}).codes, (Codes{245, 240}));
  QLookup two = one;
  two.table.resize(512, 7);
  EXPECT_EQ(Small(1, 1, 2).run(two, y, {0, 5}).codes, (Codes{245, 7}));
}

TEST(Reference, GathersByTheSumOfThreeNumbers) {
  QTensor y = tensor("y", 2, 1, 3);
  y.zero_point = 10;
  // Channels 1, 0, 1 of the second row, then of the first.
  EXPECT_EQ(Small(2, 1, 2).run(QGather{{1, 0}, {0}, {2, 0, 2}}, y, {1, 2, 3, 4}).codes,
            (Codes{14, 13, 12, 11, 14, 13}));
}

TEST(Reference, SkipsBetweenTheTapsOfADilatedMaximum) {
  QTensor y = tensor("y", 1, 2, 1);
  y.zero_point = 10;
  QPool pool;
  pool.kernel_w = 2;
  pool.dilation_w = 2;
  EXPECT_EQ(Small(1, 4, 1).run(pool, y, {1, 9, 3, 4}).codes, (Codes{13, 19}));
}

TEST(Reference, FlattensInTheOrderOfOnnx) {
  QTensor y = tensor("y", 1, 1, 8);
  y.zero_point = 10;
  EXPECT_EQ(Small(2, 2, 2).run(QFlatten{}, y, {0, 1, 2, 3, 4, 5, 6, 7}).codes,
            (Codes{10, 11, 12, 13, 14, 15, 16, 17}));
}

TEST(Reference, DequantizesWithScaleAndZeroPoint) {
  QTensor y = tensor("y", 1, 1, 2);
  y.kind = QTensorKind::kFloat;
  EXPECT_EQ(Small(1, 1, 2).run(QDequantize{}, y, {-3, 4}).values, (std::vector<float>{-3, 4}));
}

}  // namespace
}  // namespace gradus
