// Where exporters place QuantizeLinear: not behind every operator, or twice in a row.
#include <gtest/gtest.h>

#include "tests/qdq/placed_network.h"

namespace gradus {
namespace {

using namespace testing_raw;

const std::map<std::string, Attribute> kPool = {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                                                {"strides", std::vector<std::int64_t>{2, 2}}};

TEST(PrepareQuantized, RoundsInFrontOfAPoolThatOnlyChooses) {
  Raw raw = begin();
  raw.node("Relu", {"c"}, "r").node("MaxPool", {"r"}, "p", kPool);
  round_y(raw, "p", "out").output("out");
  const Floats image = picture(32);
  const Ints codes = codes_of(image);
  Ints pooled;
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t p = 0; p < 4; ++p) {
      const std::size_t at = c * 16 + p / 2 * 8 + p % 2 * 2;
      pooled.push_back(std::max({codes[at], codes[at + 1], codes[at + 4], codes[at + 5], 100}));
    }
  }
  EXPECT_EQ(run(converted(raw), image), reals(pooled));
}

TEST(PrepareQuantized, CodesStayCodesBehindAPoolWithoutQuantizeLinear) {
  Raw raw = begin();
  round_y(raw, "c", "d").node("MaxPool", {"d"}, "p", kPool).node("Flatten", {"p"}, "f");
  raw.codes("v", {1, 8}, DType::kInt8, {1, 2, 3, 4, 5, 6, 7, 8}).grid("v", 0.5f, 0, DType::kInt8);
  raw.node("DequantizeLinear", {"v", "v_s", "v_z"}, "vd");
  raw.node("Gemm", {"f", "vd"}, "out", {{"transB", std::int64_t{1}}}).output("out");
  const Floats image = picture(32);
  const Ints codes = codes_of(image);
  std::int32_t acc = 0;
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t p = 0; p < 4; ++p) {
      const std::size_t at = c * 16 + p / 2 * 8 + p % 2 * 2;
      const std::int32_t code = std::max({codes[at], codes[at + 1], codes[at + 4], codes[at + 5]});
      acc += (code - 100) * static_cast<std::int32_t>(c * 4 + p + 1);
    }
  }
  EXPECT_EQ(run(converted(raw), image), (Floats{static_cast<float>(acc) * (0.07f * 0.5f)}));
}

TEST(PrepareQuantized, RoundsInFrontOfAConcatenation) {
  Raw raw = begin();
  raw.node("Relu", {"c"}, "r").node("Concat", {"r", "c"}, "j", {{"axis", std::int64_t{1}}});
  round_y(raw, "j", "out").output("out");
  const Floats image = picture(32);
  const Ints codes = codes_of(image);
  Ints joined;
  for (std::int32_t code : codes) joined.push_back(std::max(code, 100));
  joined.insert(joined.end(), codes.begin(), codes.end());
  const QModel model = converted(raw);
  EXPECT_EQ(run(model, image), reals(joined));
}

// Codes of another grid are rescaled by the concatenation itself.
TEST(PrepareQuantized, AConcatenationTakesInCodesThatAPoolMoved) {
  Raw raw = begin();
  round_y(raw, "c", "d").node("MaxPool", {"d"}, "p", kPool).grid("z", 0.11f, 3, DType::kUint8);
  raw.node("Concat", {"p", "p"}, "j", {{"axis", std::int64_t{1}}});
  raw.node("QuantizeLinear", {"j", "z_s", "z_z"}, "zq")
      .node("DequantizeLinear", {"zq", "z_s", "z_z"}, "out");
  const QModel model = converted(raw.output("out"));
  EXPECT_TRUE(has(model, "concat"));
  EXPECT_FALSE(has(model, "rescale"));
}

TEST(PrepareQuantized, NodesKeepTheirNames) {
  Raw raw = begin();
  round_y(raw, "c", "d").node("MaxPool", {"d.q"}, "p", kPool);
  raw.node("DequantizeLinear", {"p", "y_s", "y_z"}, "out");
  const QModel model = converted(raw.output("out"));
  std::vector<std::string> names;
  for (const QNode& node : model.nodes) names.push_back(node.name);
  for (const char* name : {"c_node", "p_node"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

TEST(PrepareQuantized, AClampBetweenEqualGridsJoinsTheLayer) {
  Raw raw = begin();
  round_y(raw, "c", "d").node("Relu", {"d"}, "r");
  round_y(raw, "r", "out").output("out");
  const Floats image = picture(32);
  Ints codes = codes_of(image);
  for (std::int32_t& code : codes) code = std::max(code, 100);
  const QModel model = converted(raw);
  EXPECT_EQ(run(model, image), reals(codes));
  EXPECT_FALSE(has(model, "rescale"));
}

// Codes of one grid rounded to another: a change of scale, numerics.md (20).
TEST(PrepareQuantized, CodesRoundedAgainChangeTheirScale) {
  Raw raw = begin();
  round_y(raw, "c", "d").grid("z", 0.11f, 3, DType::kInt8);
  raw.node("QuantizeLinear", {"d", "z_s", "z_z"}, "zq")
      .node("DequantizeLinear", {"zq", "z_s", "z_z"}, "out");
  const Floats image = picture(32);
  Floats expected;
  for (std::int32_t code : codes_of(image)) {
    const std::int32_t again = requantized(code - 100, 0.07f / 0.11f, 3, -128, 127);
    expected.push_back(static_cast<float>(again - 3) * 0.11f);
  }
  const QModel model = converted(raw.output("out"));
  EXPECT_EQ(run(model, image), expected);
  EXPECT_TRUE(has(model, "rescale"));
}

// A result that leaves as float and is rounded too: computed for each.
TEST(PrepareQuantized, AResultMayLeaveAsFloatAndAsCodes) {
  Raw raw = begin();
  round_y(raw, "c", "d").output("c").output("d");
  const QModel model = converted(raw);
  const Floats image = picture(32);
  const auto tensors = run_reference(model, image, 1);
  ASSERT_EQ(model.outputs.size(), 2u);
  EXPECT_EQ(tensors[static_cast<std::size_t>(model.outputs[1])].values, reals(codes_of(image)));
  Floats plain;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::int32_t acc = (rounded(image[i], 0.02f, 128, 0, 255) - 128) * (i < 16 ? 3 : -3);
    plain.push_back(static_cast<float>(acc) * 0.02f);
  }
  EXPECT_EQ(tensors[static_cast<std::size_t>(model.outputs[0])].values, plain);
}

}  // namespace
}  // namespace gradus
