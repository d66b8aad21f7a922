#include <gtest/gtest.h>

#include "tests/onnx/onnx_bytes.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::Bytes;
using testing_support::expect_error;
using testing_support::import_bytes;
using testing_support::model_bytes;
using testing_support::node_bytes;
using testing_support::relu_graph;
using testing_support::TemporaryFolder;
using testing_support::tensor_bytes;
using testing_support::value_bytes;
using testing_support::write_quickly;

Graph import(const Bytes& graph, std::int64_t opset = 13) {
  return import_bytes(model_bytes(graph, opset).str());
}
// x [N, 4] -> `node` -> y
Bytes graph_of(const Bytes& node) {
  return Bytes()
      .message(1, node)
      .message(11, value_bytes("x", {-1, 4}))
      .message(12, value_bytes("y", {-1, 4}));
}

TEST(ImportOnnx, BeginsEveryErrorWithThePath) {
  expect_error(ErrorCode::kNotFound, {"/nowhere/net.onnx"},
               [] { import_onnx("/nowhere/net.onnx"); });
  expect_error(ErrorCode::kInvalidFile, {"m.onnx: ", "no graph"}, [] { import_bytes(""); });
  expect_error(ErrorCode::kInvalidFile, {"m.onnx: ", "damaged"}, [] { import_bytes("\x3a\xff"); });
}

TEST(ImportOnnx, KeepsNamesAndOpensTheBatch) {
  for (std::int64_t batch : {-1, 1, 8}) {
    const Graph graph = import(Bytes()
                                   .message(1, node_bytes("Relu", {"x"}, {"y"}))
                                   .message(11, value_bytes("x", {batch, 4}))
                                   .message(12, value_bytes("y", {batch, 4})));
    EXPECT_EQ(graph.value(graph.inputs[0]).name, "x");
    EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
    EXPECT_EQ(graph.nodes[0].name, "Relu_node");
    EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{-1, 4}));
  }
}

// Pixels are floats: bytes that are cast to them need not be.
TEST(ImportOnnx, TakesAnInputThatIsCastToFloats) {
  const auto network = [](std::int64_t type, const Bytes& second) {
    const Bytes to = Bytes().text(1, "to").number(3, type).number(20, 2);
    return import(Bytes()
                      .message(1, node_bytes("Cast", {"x"}, {"c"}).message(5, to))
                      .message(1, node_bytes("Abs", {"c"}, {"y"}))
                      .message(1, second)
                      .message(11, value_bytes("x", {-1, 4}, 2))
                      .message(12, value_bytes("y", {-1, 4}))
                      .message(12, value_bytes("z", {-1, 4})));
  };
  const Bytes plain = node_bytes("Neg", {"y"}, {"z"});
  const Graph graph = network(1, plain);
  EXPECT_EQ(graph.value(graph.inputs[0]).dtype, DType::kFloat32);
  EXPECT_EQ(graph.nodes.size(), 2u);  // and no Cast
  for (const auto& refused : {std::pair{std::int64_t{7}, plain},
                              {std::int64_t{1}, node_bytes("Identity", {"x"}, {"z"})}}) {
    expect_error(ErrorCode::kUnsupported, {"input 'x' is uint8", "Cast to float32"},
                 [&] { network(refused.first, refused.second); });
  }
}

TEST(ImportOnnx, LeavesABatchFixedThatTheNetworkIsTiedTo) {
  const Graph graph = import(Bytes()
                                 .message(1, node_bytes("Add", {"x", "c"}, {"y"}))
                                 .message(5, tensor_bytes("c", 1, {2, 1}).real(4, 1).real(4, 2))
                                 .message(11, value_bytes("x", {2, 4}))
                                 .message(12, value_bytes("y", {2, 4})));
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{2, 4}));
}

TEST(ImportOnnx, SortsNodesAndNamesTheNameless) {
  const Bytes graph = Bytes()
                          .message(1, Bytes().text(1, "a").text(2, "y").text(4, "Relu"))
                          .message(1, Bytes().text(1, "x").text(2, "a").text(4, "Relu"))
                          .message(11, value_bytes("x", {-1, 4}))
                          .message(12, value_bytes("y", {-1, 4}));
  const Graph imported = import(graph);
  EXPECT_EQ(imported.nodes[0].name, "Relu_1");
  EXPECT_EQ(imported.nodes[1].name, "Relu_0");
}

TEST(ImportOnnx, MakesTakenNodeNamesUnique) {
  const Graph graph = import(Bytes()
                                 .message(1, node_bytes("Relu", {"x"}, {"a"}))
                                 .message(1, node_bytes("Relu", {"a"}, {"y"}))
                                 .message(11, value_bytes("x", {-1, 4}))
                                 .message(12, value_bytes("y", {-1, 4})));
  EXPECT_EQ(graph.nodes[0].name, "Relu_node");
  EXPECT_NE(graph.nodes[1].name, "Relu_node");
}

TEST(ImportOnnx, TakesInitializersThatAreInputsForConstants) {
  const Graph graph = import(graph_of(node_bytes("Add", {"x", "c"}, {"y"}))
                                 .message(11, value_bytes("c", {1}))
                                 .message(5, tensor_bytes("c", 1, {1}).real(4, 1)));
  EXPECT_EQ(graph.inputs.size(), 1u);
  EXPECT_TRUE(graph.value(graph.find_value("c")).constant.has_value());
}

TEST(ImportOnnx, RefusesNamesThatAreMissingOrTaken) {
  expect_error(ErrorCode::kInvalidFile, {"'nowhere'", "Relu_node"},
               [] { import(graph_of(node_bytes("Relu", {"nowhere"}, {"y"}))); });
  expect_error(ErrorCode::kInvalidFile, {"'x'", "taken"},
               [] { import(graph_of(node_bytes("Relu", {"x"}, {"x"}))); });
  const Bytes c = tensor_bytes("c", 1, {1}).real(4, 1);
  expect_error(ErrorCode::kInvalidFile, {"initializer 'c'", "taken"},
               [&] { import(relu_graph().message(5, c).message(5, c)); });
  expect_error(ErrorCode::kInvalidFile, {"'x'", "taken"},
               [] { import(relu_graph().message(11, value_bytes("x", {-1, 4}))); });
  expect_error(ErrorCode::kInvalidFile, {"'y'", "twice"},
               [] { import(relu_graph().message(12, value_bytes("y", {-1, 4}))); });
  expect_error(ErrorCode::kInvalidFile, {"no name"},
               [&] { import(relu_graph().message(5, tensor_bytes("", 1, {1}).real(4, 1))); });
}

TEST(ImportOnnx, RefusesInputsWithoutAFixedShapeOrOfAnotherType) {
  const auto with_input = [](const Bytes& input) {
    return Bytes()
        .message(1, node_bytes("Relu", {"x"}, {"y"}))
        .message(11, input)
        .message(12, value_bytes("y", {}));
  };
  expect_error(ErrorCode::kUnsupported, {"'x'", "dimension 2", "'N'"},
               [&] { import(with_input(value_bytes("x", {-1, 3, -1, 8}))); });
  expect_error(ErrorCode::kInvalidFile, {"'x'", "dimension 1 is 0"},
               [&] { import(with_input(value_bytes("x", {-1, 0}))); });
  expect_error(ErrorCode::kInvalidFile, {"'x'", "no shape"},
               [&] { import(with_input(Bytes().text(1, "x"))); });
  expect_error(ErrorCode::kUnsupported, {"'x'", "int64"},
               [&] { import(with_input(value_bytes("x", {-1, 4}, 7))); });
}

TEST(ImportOnnx, RefusesOpsetsAndDomainsOutsideItsRange) {
  for (std::int64_t opset : {-1, 0, 5, 26}) {
    expect_error(ErrorCode::kUnsupported, {"opset is " + std::to_string(opset)},
                 [&] { import(relu_graph(), opset); });
  }
  for (std::int64_t opset = 6; opset <= 25; ++opset) import(relu_graph(), opset);
  expect_error(ErrorCode::kUnsupported, {"'com.other'"},
               [] { import(graph_of(node_bytes("Relu", {"x"}, {"y"}).text(7, "com.other"))); });
  expect_error(ErrorCode::kInvalidFile, {"no opset"},
               [] { import_bytes(Bytes().number(1, 8).message(7, relu_graph()).str()); });
}

TEST(ImportOnnx, FoldsConstantNodes) {
  const Bytes value =
      Bytes().text(1, "value").number(20, 4).message(5, tensor_bytes("", 1, {1}).real(4, 2));
  const Graph graph =
      import(graph_of(node_bytes("Mul", {"x", "two"}, {"y"}))
                 .message(1, node_bytes("Constant", {}, {"two"}).message(5, value)));
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.value(graph.find_value("two")).constant->as<float>()[0], 2.0f);
}

// As quantize_dynamic writes: neither a float network nor one with scales of its own.
TEST(ImportOnnx, SaysThatANetworkQuantizesWhileItRuns) {
  const TemporaryFolder folder;
  const Bytes graph = Bytes()
                          .message(1, node_bytes("DynamicQuantizeLinear", {"x"}, {"y", "s", "z"}))
                          .text(2, "g")
                          .message(11, value_bytes("x", {-1, 4}))
                          .message(12, value_bytes("y", {-1, 4}));
  write_quickly(folder.file("m.onnx"), model_bytes(graph).str());
  EXPECT_FALSE(is_quantized_onnx(folder.file("m.onnx")));
  for (const bool quantized : {false, true}) {
    expect_error(ErrorCode::kUnsupported,
                 {"DynamicQuantizeLinear_node", "while the network runs", "statically"}, [&] {
                   quantized ? void(import_quantized_onnx(folder.file("m.onnx")))
                             : void(import_onnx(folder.file("m.onnx")));
                 });
  }
}

}  // namespace
}  // namespace gradus
