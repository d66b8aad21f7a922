// Operators that take codes as they are: they move them, look at them, or read them as numbers.
#include <gtest/gtest.h>

#include <algorithm>

#include "gradus/qdq/lift.h"
#include "tests/qdq/raw_network.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using namespace testing_raw;
using testing_support::expect_error;

Raw rounded_input(Shape shape) {
  Raw raw;
  raw.input("x", std::move(shape)).grid("x", 0.05f, 100, DType::kUint8);
  return raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq");
}

float on_grid(float x) { return static_cast<float>(rounded(x, 0.05f, 100, 0, 255) - 100) * 0.05f; }

const Node* find_node(const Graph& graph, const std::string& op) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.op == op; });
  return found == graph.nodes.end() ? nullptr : &*found;
}

// ONNX Runtime writes codes of 4 bits so where ai.onnx of the file's opset has none.
TEST(LiftQuantized, FourBitsOfOnnxRuntimeAreThoseOfOnnx) {
  const Floats image = picture(12);
  Floats found[2];
  for (const bool contributed : {false, true}) {
    const std::string domain = contributed ? "com.microsoft:" : "";
    Raw raw;
    raw.input("x", {-1, 3, 2, 2})
        .grid("x", 0.3f, 5, DType::kUint4)
        .grid("w", 0.2f, 0, DType::kInt4);
    raw.codes("w", {2, 3, 1, 1}, DType::kInt4, {-8, 7, 3, 1, -2, 5}).output("y");
    raw.node(domain + "QuantizeLinear", {"x", "x_s", "x_z"}, "xq");
    raw.node(domain + "DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
    raw.node(domain + "DequantizeLinear", {"w", "w_s", "w_z"}, "wd")
        .node("Conv", {"xd", "wd"}, "y");
    found[contributed] = run(converted(raw), image);
  }
  EXPECT_EQ(found[0], found[1]);
  const Ints w = {-8, 7, 3, 1, -2, 5};
  std::int32_t acc = 0;
  for (std::size_t c = 0; c < 3; ++c) acc += w[c] * (rounded(image[c * 4], 0.3f, 5, 0, 15) - 5);
  EXPECT_EQ(found[1][0], static_cast<float>(acc) * (0.3f * 0.2f));
}

// Pictures as bytes: a Cast reads them as the numbers 0 to 255.
TEST(LiftQuantized, ReadsBytesAsNumbers) {
  constexpr std::int64_t kFloat = 1;
  Raw raw;
  raw.input("x", {-1, 4}, DType::kUint8).grid("y", 2.0f, 7, DType::kUint8).output("y");
  raw.node("Cast", {"x"}, "numbers", {{"to", kFloat}});
  raw.node("QuantizeLinear", {"numbers", "y_s", "y_z"}, "yq")
      .node("DequantizeLinear", {"yq", "y_s", "y_z"}, "y");
  EXPECT_EQ(run(converted(raw), {0, 1, 101, 255}), (Floats{0, 0, 100, 256}));

  // Not what another scale made of reals, and as nothing but float32.
  raw = rounded_input({-1, 4});
  raw.node("Cast", {"xq"}, "y", {{"to", kFloat}}).output("y");
  expect_error(ErrorCode::kUnsupported, {"y_node", "scale 1", "0.05"}, [&] { converted(raw); });
  raw = Raw()
            .input("x", {-1, 4}, DType::kUint8)
            .node("Cast", {"x"}, "y", {{"to", std::int64_t{10}}})
            .output("y");
  expect_error(ErrorCode::kUnsupported, {"y_node", "neither float32 nor a type of codes"},
               [&] { converted(raw); });
}

// PyTorch casts codes to the type that they have, and computes zero points: ConstantOfShape, Cast.
TEST(LiftQuantized, CodesMayBeCastToATypeThatHoldsThem) {
  constexpr std::int64_t kUint8 = 2, kInt8 = 3, kInt32 = 6, kUint4 = 21;
  const auto network = [](std::int64_t to, DType type) {
    Raw raw;
    raw.input("x", {-1, 4}).grid("x", 0.3f, 5, DType::kUint4).grid("w", 0.3f, 5, type);
    raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
        .node("Cast", {"xq"}, "wide", {{"to", to}});
    return raw.node("DequantizeLinear", {"wide", "w_s", "w_z"}, "y").output("y");
  };
  const Floats image = picture(4);
  Floats expected;
  for (float x : image)
    expected.push_back(static_cast<float>(rounded(x, 0.3f, 5, 0, 15) - 5) * 0.3f);
  EXPECT_EQ(run(converted(network(kUint4, DType::kUint4)), image), expected);
  EXPECT_EQ(run(converted(network(kUint8, DType::kUint8)), image), expected);
  EXPECT_EQ(run(converted(network(kInt8, DType::kInt8)), image), expected);
  expect_error(ErrorCode::kUnsupported, {"wide_node", "0 to 255", "-128 to 127"}, [&] {
    Raw raw = rounded_input({-1, 4});
    raw.node("Cast", {"xq"}, "wide", {{"to", kInt8}}).grid("w", 0.05f, 100, DType::kInt8);
    converted(raw.node("DequantizeLinear", {"wide", "w_s", "w_z"}, "y").output("y"));
  });

  Raw raw;
  raw.input("x", {-1, 4}).grid("x", 0.05f, 100, DType::kUint8).grid("w", 0.5f, 0, DType::kInt8);
  raw.codes("w", {2, 4}, DType::kInt8, {1, 2, 3, 4, 5, 6, 7, 8}).output("y");
  raw.codes("b", {2}, DType::kInt32, {40, -7}).floats("b_s", {2}, {0.05f * 0.5f, 0.05f * 0.5f});
  raw.node("ConstantOfShape", {"shape"}, "zeros").node("Cast", {"zeros"}, "b_z", {{"to", kInt32}});
  Value& shape = raw.graph.value(raw.graph.find_value("shape"));
  shape.dtype = DType::kInt64;
  shape.constant = Tensor::from<std::int64_t>({1}, std::vector<std::int64_t>{2});
  shape.shape = Shape{1};
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd")
      .node("DequantizeLinear", {"b", "b_s", "b_z"}, "bd");
  raw.node("Gemm", {"xd", "wd", "bd"}, "y", {{"transB", std::int64_t{1}}});
  const Floats found = run(converted(raw), image);
  for (std::size_t o = 0; o < 2; ++o) {
    std::int32_t acc = o == 0 ? 40 : -7;
    for (std::size_t i = 0; i < 4; ++i) {
      acc +=
          (rounded(image[i], 0.05f, 100, 0, 255) - 100) * static_cast<std::int32_t>(o * 4 + i + 1);
    }
    EXPECT_EQ(found[o], static_cast<float>(acc) * (0.05f * 0.5f));
  }
  lift_quantized(raw.graph);
  EXPECT_EQ(raw.graph.value(raw.graph.find_value("b_z")).constant->shape(), (Shape{2}));
}

TEST(LiftQuantized, ResizesCodesToTheNearest) {
  const auto network = [](std::map<std::string, Attribute> attributes) {
    Raw raw = rounded_input({-1, 1, 2, 2});
    raw.floats("scales", {4}, {1, 1, 2, 2})
        .node("Resize", {"xq", "", "scales"}, "big", std::move(attributes));
    return raw.node("DequantizeLinear", {"big", "x_s", "x_z"}, "y").output("y");
  };
  const Floats image = picture(4);
  const Floats found = run(converted(network({})), image);
  ASSERT_EQ(found.size(), 16u);
  for (std::size_t i = 0; i < 16; ++i)
    EXPECT_EQ(found[i], on_grid(image[i / 8 * 2 + i % 4 / 2])) << i;
  expect_error(ErrorCode::kUnsupported, {"big_node", "mode linear", "nearest"},
               [&] { converted(network({{"mode", std::string("linear")}})); });
  expect_error(ErrorCode::kUnsupported, {"big_node", "tf_crop_and_resize"}, [&] {
    converted(network({{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}));
  });
}

TEST(LiftQuantized, SplitsCodes) {
  Raw raw = rounded_input({-1, 4});
  raw.node("Split", {"xq"}, "a", {{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{2}}});
  Value second;
  second.name = "b";
  raw.graph.nodes.back().outputs.push_back(raw.graph.add_value(std::move(second)));
  raw.node("Concat", {"b", "a"}, "turned", {{"axis", std::int64_t{1}}});
  raw.node("DequantizeLinear", {"turned", "x_s", "x_z"}, "y").output("y");
  const Floats image = picture(4);
  EXPECT_EQ(run(converted(raw), image),
            (Floats{on_grid(image[2]), on_grid(image[3]), on_grid(image[0]), on_grid(image[1])}));
}

// A place among codes, and a shape, are those of the reals: both are left for the float network.
TEST(LiftQuantized, LooksAtTheRealsOfCodes) {
  for (const char* op : {"ArgMax", "ArgMin", "Shape", "Size"}) {
    SCOPED_TRACE(op);
    Raw raw = rounded_input({-1, 4});
    raw.node(op, {"xq"}, "y").output("y");
    lift_quantized(raw.graph);
    const Node* node = find_node(raw.graph, op);
    ASSERT_NE(node, nullptr);
    const std::int64_t before = raw.graph.producer(node->inputs[0]);
    ASSERT_GE(before, 0);
    EXPECT_EQ(raw.graph.nodes[static_cast<std::size_t>(before)].op, "Quant");
    EXPECT_EQ(raw.graph.value(node->outputs[0]).name, "y");
  }
}

TEST(LiftQuantized, SoftmaxOfCodesIsAnIslandBetweenTwoGrids) {
  const auto network = [](std::int64_t opset) {
    Raw raw = rounded_input({-1, 3});
    raw.grid("y", 1.0f / 256, 0, DType::kUint8);
    raw.node("com.microsoft:QLinearSoftmax", {"xq", "x_s", "x_z", "y_s", "y_z"}, "yq",
             {{"axis", std::int64_t{1}}, {"opset", opset}});
    return raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "y").output("y");
  };
  const Floats image = {0.3f, -1.2f, 1.7f};
  const Floats found = run(convert(prepared(network(17)), {}), image);
  double sum = 0;
  for (float x : image) sum += std::exp(static_cast<double>(on_grid(x)));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto share = static_cast<float>(std::exp(static_cast<double>(on_grid(image[i]))) / sum);
    EXPECT_EQ(found[i], static_cast<float>(rounded(share, 1.0f / 256, 0, 0, 255)) / 256) << i;
  }
  expect_error(ErrorCode::kUnsupported, {"yq_node", "opset 12"}, [&] { converted(network(12)); });
}

TEST(LiftQuantized, WhereChoosesBetweenTheReals) {
  Raw raw = rounded_input({-1, 3});
  raw.grid("y", 0.1f, 3, DType::kUint8)
      .codes("b", {3}, DType::kUint8, {1, 2, 3})
      .grid("b", 0.5f, 1, DType::kUint8);
  raw.input("chosen", {-1, 3}, DType::kBool);
  raw.node("com.microsoft:QLinearWhere",
           {"chosen", "xq", "x_s", "x_z", "b", "b_s", "b_z", "y_s", "y_z"}, "yq");
  raw.node("DequantizeLinear", {"yq", "y_s", "y_z"}, "y").output("y");
  lift_quantized(raw.graph);
  const Node* where = find_node(raw.graph, "Where");
  ASSERT_NE(where, nullptr);
  ASSERT_EQ(where->inputs.size(), 3u);
  EXPECT_EQ(raw.graph.value(where->inputs[0]).name, "chosen");
  EXPECT_EQ(raw.graph.nodes[static_cast<std::size_t>(raw.graph.producer(where->inputs[1]))].op,
            "Quant");
  const auto reals = raw.graph.value(where->inputs[2]).constant->as<float>();
  EXPECT_EQ(Floats(reals.begin(), reals.end()), (Floats{0.0f, 0.5f, 1.0f}));
}

}  // namespace
}  // namespace gradus
