#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "gradus/qmodel/geometry.h"
#include "gradus/qmodel/qmodel.h"
#include "tests/support/expect_error.h"
#include "tests/support/random_model.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::random_model;

QTensor codes(const char* name, std::int32_t height, std::int32_t width, std::int32_t channels) {
  QTensor t = {.name = name};
  t.height = height;
  t.width = width;
  t.channels = channels;
  t.scale = 0.5f;
  t.zero_point = 3;
  return t;
}

QWeights weights(std::size_t count) {
  QWeights w;
  w.bits = 4;
  w.grid = {-7, 7, false};
  w.codes.assign(count, 2);
  w.zero_point = {0};
  return w;
}

enum Node {
  kQuantize,
  kConv,
  kAdd,
  kMax,
  kAverage,
  kConcat,
  kRescale,
  kSlice,
  kPad,
  kFlatten,
  kFullyConnected,
  kDequantize,
  kMultiply,
  kLookup,
  kGather,
  kIsland
};

// One node of every kind; node i makes tensor i + 1.
QModel whole_model() {
  QModel m;
  QTensor input = codes("input", 6, 6, 3);
  input.kind = QTensorKind::kFloat;
  QTensor logits = codes("logits", 1, 1, 5);
  logits.kind = QTensorKind::kFloat;
  m.tensors = {input,
               codes("q", 6, 6, 3),
               codes("conv", 6, 6, 4),
               codes("sum", 6, 6, 4),
               codes("max", 3, 3, 4),
               codes("avg", 3, 3, 4),
               codes("cat", 3, 3, 8),
               codes("scaled", 3, 3, 8),
               codes("cut", 2, 2, 8),
               codes("pad", 3, 3, 9),
               codes("flat", 1, 1, 81),
               codes("fc", 1, 1, 5),
               logits};
  QConv conv;
  conv.kernel_h = conv.kernel_w = 3;
  conv.pad_top = conv.pad_left = conv.pad_bottom = conv.pad_right = 1;
  conv.weights = weights(4 * 9 * 3);
  conv.bias.assign(4, 10);
  conv.output.accumulator_scale = {0.01};
  QPool max;
  max.kernel_h = max.kernel_w = max.stride_h = max.stride_w = 2;
  QPool average = max;
  average.average = true;
  QFullyConnected fc;
  fc.weights = weights(5 * 81);
  fc.bias.assign(5, 0);
  fc.output.accumulator_scale.assign(5, 0.02);
  QSlice slice;
  slice.begin_h = 0;
  slice.step_h = slice.step_w = 2;
  m.tensors.insert(m.tensors.end(), {codes("product", 6, 6, 4), codes("curve", 6, 6, 4),
                                     codes("moved", 6, 4, 6), codes("island", 4, 6, 6)});
  QLookup curve;
  curve.table.assign(256, 9);
  QGather moved;  // columns from channels, channels from columns
  moved.rows = {0, 6, 12, 18, 24, 30};
  moved.columns = {0, 36, 72, 108};
  moved.channels = {0, 1, 2, 3, 4, 5};
  QIsland island;
  island.call.type = "Transpose";
  island.call.attributes["perm"] = std::vector<std::int64_t>{0, 1, 3, 2};
  island.call.inputs = {{floatops::InputKind::kData, {1, 6, 6, 4}, {}}};
  island.call.output = {1, 6, 4, 6};
  m.nodes = {{"quantize", QQuantize{}, {0}, 1},
             {"conv", conv, {1}, 2},
             {"add", QAdd{}, {2, 2}, 3},
             {"max", max, {3}, 4},
             {"average", average, {3}, 5},
             {"concat", QConcat{}, {4, 5}, 6},
             {"rescale", QRescale{}, {6}, 7},
             {"slice", slice, {7}, 8},
             {"pad", QPad{1, 0, 0, 1, 1, 0}, {8}, 9},
             {"flatten", QFlatten{}, {9}, 10},
             {"fc", fc, {10}, 11},
             {"dequantize", QDequantize{}, {11}, 12},
             {"multiply", QMultiply{}, {2, 3}, 13},
             {"lookup", curve, {13}, 14},
             {"gather", moved, {14}, 15},
             {"island", island, {15}, 16}};
  m.outputs = {12, 3};
  return m;
}

template <typename Op>
Op& op_of(QModel& model, Node node) {
  return std::get<Op>(model.nodes[static_cast<std::size_t>(node)].op);
}

struct Mistake {
  const char* words;
  std::function<void(QModel&)> make;
};

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();

const std::vector<Mistake> kMistakes = {
    // The whole.
    {"profile", [](QModel& m) { m.profile = static_cast<Profile>(7); }},
    {"no output", [](QModel& m) { m.outputs.clear(); }},
    {"index 17", [](QModel& m) { m.outputs = {17}; }},
    {"index -1", [](QModel& m) { m.input = -1; }},
    {"also an output", [](QModel& m) { m.outputs = {0}; }},
    {"input 'q' holds codes", [](QModel& m) { m.input = 1; }},
    {"no node makes tensor 'island'", [](QModel& m) { m.nodes.pop_back(); }},
    {"not printable", [](QModel& m) { m.name = "two\nlines"; }},
    {"bytes of metadata", [](QModel& m) { m.metadata["key"].resize(1 << 25); }},
    // Tensors.
    {"name is empty", [](QModel& m) { m.tensors[2].name.clear(); }},
    {"named twice", [](QModel& m) { m.tensors[2].name = "q"; }},
    {"kind is 9", [](QModel& m) { m.tensors[2].kind = static_cast<QTensorKind>(9); }},
    {"6x0x4", [](QModel& m) { m.tensors[2].width = 0; }},
    {"elements an image",
     [](QModel& m) { m.tensors[2].height = m.tensors[2].width = m.tensors[2].channels = 1 << 20; }},
    {"bits is 9", [](QModel& m) { m.tensors[2].bits = 9; }},
    {"no grid of 8 bits", [](QModel& m) { m.tensors[2].grid.quant_max = 254; }},
    {"has no zero",
     [](QModel& m) {
       m.tensors[2].bits = 1;
       m.tensors[2].grid = {-1, 1, true};
     }},
    {"scale is 0", [](QModel& m) { m.tensors[2].scale = 0.0f; }},
    {"scale is -", [](QModel& m) { m.tensors[2].scale = -1.0f; }},
    {"scale is nan", [](QModel& m) { m.tensors[2].scale = kNan; }},
    {"scale is inf", [](QModel& m) { m.tensors[2].scale = kInfinity; }},
    {"zero point 256", [](QModel& m) { m.tensors[2].zero_point = 256; }},
    // Order and indices.
    {"index 99", [](QModel& m) { m.nodes[kConv].inputs = {99}; }},
    {"index -2", [](QModel& m) { m.nodes[kConv].output = -2; }},
    {"before any node makes it", [](QModel& m) { std::swap(m.nodes[kConv], m.nodes[kAdd]); }},
    {"exists already", [](QModel& m) { m.nodes[kAdd].output = 2; }},
    {"has 2 inputs; expected 1", [](QModel& m) { m.nodes[kConv].inputs = {1, 1}; }},
    {"has 1 inputs; expected 2", [](QModel& m) { m.nodes[kAdd].inputs = {2}; }},
    {"has no input", [](QModel& m) { m.nodes[kConcat].inputs.clear(); }},
    // Linear operators.
    {"a divisor", [](QModel& m) { op_of<QConv>(m, kConv).groups = 2; }},
    {"a divisor", [](QModel& m) { op_of<QConv>(m, kConv).groups = 0; }},
    {"kernel size, stride or dilation is 0",
     [](QModel& m) { op_of<QConv>(m, kConv).stride_h = 0; }},
    {"pad is -1", [](QModel& m) { op_of<QConv>(m, kConv).pad_left = -1; }},
    {"is 6x6x4; expected 4x6x4", [](QModel& m) { op_of<QConv>(m, kConv).dilation_h = 2; }},
    {"padded input",
     [](QModel& m) {
       op_of<QConv>(m, kConv).pad_left = 1 << 20;
       op_of<QConv>(m, kConv).pad_top = 1 << 20;
     }},
    {"weights; expected 4 x 27",
     [](QModel& m) { op_of<QConv>(m, kConv).weights.codes.pop_back(); }},
    {"have 0 bits", [](QModel& m) { op_of<QConv>(m, kConv).weights.bits = 0; }},
    {"no grid of 4 bits", [](QModel& m) { op_of<QConv>(m, kConv).weights.grid.quant_min = -6; }},
    {"code 8", [](QModel& m) { op_of<QConv>(m, kConv).weights.codes[5] = 8; }},
    {"zero point of its weights is 8",
     [](QModel& m) { op_of<QConv>(m, kConv).weights.zero_point = {8}; }},
    {"2 zero points", [](QModel& m) { op_of<QConv>(m, kConv).weights.zero_point = {0, 0}; }},
    {"3 biases", [](QModel& m) { op_of<QConv>(m, kConv).bias.pop_back(); }},
    {"accumulator of channel 1",
     [](QModel& m) { op_of<QConv>(m, kConv).bias[1] = std::numeric_limits<std::int32_t>::max(); }},
    {"2 accumulator scales",
     [](QModel& m) { op_of<QConv>(m, kConv).output.accumulator_scale = {1, 1}; }},
    {"not finite", [](QModel& m) { op_of<QConv>(m, kConv).output.accumulator_scale = {1e300}; }},
    {"multiplier",
     [](QModel& m) {
       op_of<QConv>(m, kConv).output.accumulator_scale = {1e30};
       m.tensors[2].scale = 1e-30f;
     }},
    {"clamps its codes", [](QModel& m) { op_of<QConv>(m, kConv).output.low = -1; }},
    {"clamps its codes", [](QModel& m) { op_of<QConv>(m, kConv).output.high = 256; }},
    {"clamps its codes", [](QModel& m) { op_of<QConv>(m, kConv).output = {{0.01}, 9, 8}; }},
    {"'conv' holds floats", [](QModel& m) { m.tensors[2].kind = QTensorKind::kFloat; }},
    {"empty range",
     [](QModel& m) {
       op_of<QFullyConnected>(m, kFullyConnected).output.float_low = kNan;
       m.tensors[11].kind = QTensorKind::kFloat;
     }},
    {"is 3x3x9; expected 1x1x9", [](QModel& m) { m.nodes[kFullyConnected].inputs = {9}; }},
    // The others.
    {"expected the model's input",
     [](QModel& m) {
       m.tensors.push_back(codes("again", 1, 1, 5));
       m.nodes.push_back({"again", QQuantize{}, {12}, 17});
     }},
    {"is 6x6x4; expected 3x3x4", [](QModel& m) { m.nodes[kAdd].output = 4; }},
    {"too small",
     [](QModel& m) {
       m.tensors[2].scale = 1e30f;
       m.tensors[3].scale = 1e-30f;
     }},
    {"as large as its window", [](QModel& m) { op_of<QPool>(m, kMax).pad_top = 2; }},
    {"quantizers of its input and its output differ",
     [](QModel& m) { m.tensors[4].scale = 0.25f; }},
    {"8 channels together", [](QModel& m) { m.tensors[6].channels = 9; }},
    {"reaches past", [](QModel& m) { op_of<QSlice>(m, kSlice).begin_w = 1; }},
    {"reaches past", [](QModel& m) { op_of<QSlice>(m, kSlice).step_c = 0; }},
    {"reaches past", [](QModel& m) { op_of<QSlice>(m, kSlice).begin_h = -1; }},
    {"pad is -1", [](QModel& m) { op_of<QPad>(m, kPad).top = -1; }},
    {"is 3x3x9; expected 3x4x9", [](QModel& m) { op_of<QPad>(m, kPad).left = 1; }},
    {"flattens the model's input", [](QModel& m) { m.nodes[kFlatten].inputs = {0}; }},
    {"expected 1x1x81", [](QModel& m) { m.tensors[10].channels = 80; }},
    {"expected floats", [](QModel& m) { m.tensors[12].kind = QTensorKind::kCodes; }},
    {"pad is -1", [](QModel& m) { op_of<QPad>(m, kPad).between_rows = -1; }},
    {"is 3x3x9; expected 5x3x9", [](QModel& m) { op_of<QPad>(m, kPad).between_rows = 2; }},
    {"nothing but padding",
     [](QModel& m) {
       QPool& pool = op_of<QPool>(m, kMax);
       pool.dilation_h = 7;
       pool.pad_top = pool.pad_bottom = 1;
       pool.stride_h = 1;
       m.tensors[4].height = 1;
     }},
    {"dilation is 0", [](QModel& m) { op_of<QPool>(m, kMax).dilation_w = 0; }},
    {"has 1 inputs; expected 2", [](QModel& m) { m.nodes[kMultiply].inputs = {2}; }},
    {"is 6x6x3; expected 6x6x4", [](QModel& m) { m.nodes[kMultiply].inputs = {2, 1}; }},
    {"clamps its codes", [](QModel& m) { op_of<QMultiply>(m, kMultiply).high = 256; }},
    {"multiplier", [](QModel& m) { m.tensors[13].scale = 1e-42f; }},
    {"table has 255 entries; expected 256",
     [](QModel& m) { op_of<QLookup>(m, kLookup).table.pop_back(); }},
    {"table has 512 entries", [](QModel& m) { op_of<QLookup>(m, kLookup).table.resize(512); }},
    {"table holds 9; expected at most 3",
     [](QModel& m) {
       m.tensors[14].bits = 2;
       m.tensors[14].grid = {0, 3, false};
     }},
    {"has 5 rows; expected 6", [](QModel& m) { op_of<QGather>(m, kGather).rows.pop_back(); }},
    {"rows is -1", [](QModel& m) { op_of<QGather>(m, kGather).rows[1] = -1; }},
    {"columns is 144", [](QModel& m) { op_of<QGather>(m, kGather).columns[1] = 144; }},
    {"add up past", [](QModel& m) { op_of<QGather>(m, kGather).rows[1] = 7; }},
    {"add up past", [](QModel& m) { op_of<QGather>(m, kGather).channels[1] = 36; }},
    {"quantizers of its input and its output differ",
     [](QModel& m) { m.tensors[15].zero_point = 4; }},
    // Islands.
    {"Telepathy: there is no such",
     [](QModel& m) { op_of<QIsland>(m, kIsland).call.type = "Telepathy"; }},
    {"attribute perm is missing",
     [](QModel& m) { op_of<QIsland>(m, kIsland).call.attributes.clear(); }},
    {"clamp is empty", [](QModel& m) { op_of<QIsland>(m, kIsland).call.low = kNan; }},
    {"has 2 inputs; expected 1", [](QModel& m) { m.nodes[kIsland].inputs = {15, 15}; }},
    {"has 0 inputs; expected 1", [](QModel& m) { m.nodes[kIsland].inputs.clear(); }},
    {"where it computes with [1, 6, 6, 4]", [](QModel& m) { m.nodes[kIsland].inputs = {5}; }},
    {"where it computes with [1, 6, 4, 6]", [](QModel& m) { m.tensors[16].height = 5; }},
    {"floats by pixels", [](QModel& m) { m.tensors[16].kind = QTensorKind::kFloat; }},
    {"only an island may", [](QModel& m) { m.tensors[12].kind = QTensorKind::kPlanes; }},
    {"only an island may",
     [](QModel& m) {
       m.tensors[16].kind = QTensorKind::kPlanes;
       m.tensors.push_back(codes("flat island", 1, 1, 144));
       m.tensors[17].kind = QTensorKind::kFloat;
       m.nodes.push_back({"flat island", QFlatten{}, {16}, 17});
     }},
    {"constants alone",
     [](QModel& m) {
       floatops::CallInput& input = op_of<QIsland>(m, kIsland).call.inputs[0];
       input.kind = floatops::InputKind::kConstant;
       input.values.assign(144, 0.0f);
       m.nodes[kIsland].inputs.clear();
     }},
};

TEST(Validate, AcceptsAModelWithEveryOperator) {
  EXPECT_NO_THROW(validate(whole_model(), "m"));
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    EXPECT_NO_THROW(validate(random_model(seed), "m")) << "seed " << seed;
  }
}

TEST(Validate, RefusesEveryMistakeByName) {
  for (std::size_t i = 0; i < kMistakes.size(); ++i) {
    SCOPED_TRACE("mistake " + std::to_string(i) + ": " + kMistakes[i].words);
    QModel model = whole_model();
    kMistakes[i].make(model);
    expect_error(ErrorCode::kInvalidFile, {"wrong.gradus: ", kMistakes[i].words},
                 [&] { validate(model, "wrong.gradus"); });
  }
}

TEST(Validate, RefusesAnAverageWhoseSumCouldOverflow) {
  QModel model = whole_model();
  model.tensors[0].height = model.tensors[1].height = 4096;
  model.tensors[0].width = model.tensors[1].width = 4096;
  model.tensors[0].channels = model.tensors[1].channels = 1;
  QPool pool;
  pool.average = true;
  pool.kernel_h = pool.kernel_w = 4096;
  model.tensors.resize(3);
  model.tensors[2] = codes("average", 1, 1, 1);
  model.nodes.resize(2);
  model.nodes[1] = {"pool", pool, {1}, 2};
  model.outputs = {2};
  expect_error(ErrorCode::kInvalidFile, {"too many for an exact sum"},
               [&] { validate(model, "m"); });
}

TEST(Operators, HaveDifferentNames) {
  std::set<std::string> names;
  QModel model = whole_model();
  for (const QNode& node : model.nodes) names.insert(operator_name(node.op));
  EXPECT_EQ(names.size(), std::variant_size_v<QOperator>);
}

TEST(Geometry, CountsThePositionsOfAWindow) {
  EXPECT_EQ(window_positions(224, 3, 3, 7, 1, 2), 112);
  EXPECT_EQ(window_positions(5, 0, 0, 5, 1, 1), 1);
  EXPECT_EQ(window_positions(5, 0, 0, 3, 2, 1), 1);
  EXPECT_EQ(window_positions(4, 0, 0, 3, 2, 1), 0);
  EXPECT_EQ(window_positions(4, 1, 0, 2, 1, 2), 2);
}

}  // namespace
}  // namespace gradus
