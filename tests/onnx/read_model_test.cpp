#include "gradus/onnx/read_model.h"

#include <gtest/gtest.h>

#include "gradus/onnx/limits.h"
#include "tests/onnx/onnx_bytes.h"
#include "tests/support/expect_error.h"

namespace gradus::onnx {
namespace {

using testing_support::Bytes;
using testing_support::expect_error;
using testing_support::model_bytes;
using testing_support::node_bytes;
using testing_support::relu_graph;

ModelProto read(const Bytes& bytes) {
  ExternalFiles files("/nowhere/m.onnx");
  return read_model(std::as_bytes(std::span(bytes.str())), files);
}

TEST(ReadModel, DecodesNodesAttributesInputsAndOpsets) {
  const Bytes node = node_bytes("Op", {"x", "", "w"}, {"y"})
                         .message(5, Bytes().text(1, "f").real(2, 0.5f).number(20, 1))
                         .message(5, Bytes().text(1, "i").number(3, -3).number(20, 2))
                         .message(5, Bytes().text(1, "s").text(4, "abc").number(20, 3))
                         .message(5, Bytes().text(1, "is").numbers(8, {1, 2}).number(20, 7))
                         .message(5, Bytes().text(1, "none").number(20, 7));
  const ModelProto model = read(model_bytes(relu_graph().message(1, node), 11));
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opsets.at(""), 11);
  ASSERT_EQ(model.nodes.size(), 2u);
  const auto& attributes = model.nodes[1].attributes;
  EXPECT_EQ(model.nodes[1].inputs, (std::vector<std::string>{"x", "", "w"}));
  EXPECT_EQ(std::get<float>(attributes.at("f")), 0.5f);
  EXPECT_EQ(std::get<std::int64_t>(attributes.at("i")), -3);
  EXPECT_EQ(std::get<std::string>(attributes.at("s")), "abc");
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(attributes.at("is")),
            (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(std::get<std::vector<std::int64_t>>(attributes.at("none")).empty());
  EXPECT_EQ(model.inputs[0].shape->at(0).symbol, "N");
  EXPECT_EQ(model.inputs[0].shape->at(1).size, 4);
  EXPECT_EQ(model.outputs, (std::vector<std::string>{"y"}));
}

TEST(ReadModel, SkipsFieldsThatItDoesNotKnow) {
  Bytes bytes = model_bytes(relu_graph().text(999, "?").number(998, 1));
  EXPECT_EQ(read(bytes.text(500, "later").real(501, 1.0f)).nodes.size(), 1u);
}

TEST(ReadModel, RefusesSubgraphsFunctionsAndSparseTensors) {
  const auto with_attribute = [](std::uint32_t field, std::int64_t type) {
    return model_bytes(Bytes().message(
        1,
        node_bytes("If", {"x"}, {"y"})
            .message(5, Bytes().text(1, "then_branch").message(field, Bytes()).number(20, type))));
  };
  expect_error(ErrorCode::kUnsupported, {"If_node", "subgraph"},
               [&] { read(with_attribute(6, 5)); });
  expect_error(ErrorCode::kUnsupported, {"If_node", "subgraph"},
               [&] { read(with_attribute(11, 10)); });
  expect_error(ErrorCode::kUnsupported, {"functions"},
               [] { read(model_bytes(relu_graph()).message(25, Bytes())); });
  expect_error(ErrorCode::kUnsupported, {"sparse"},
               [] { read(model_bytes(relu_graph().message(15, Bytes()))); });
}

TEST(ReadModel, RefusesTwoGraphsOrNone) {
  expect_error(ErrorCode::kInvalidFile, {"two graphs"},
               [] { read(model_bytes(relu_graph()).message(7, relu_graph())); });
  expect_error(ErrorCode::kInvalidFile, {"no graph"}, [] { read(Bytes().number(1, 8)); });
}

TEST(ReadModel, RefusesMoreThanItsLimits) {
  Bytes many = node_bytes("Relu", {}, {"y"});
  for (std::size_t i = 0; i <= kMaxNodeInputs; ++i) many.text(1, "x");
  expect_error(ErrorCode::kInvalidFile, {"1000 inputs", "Relu_node"},
               [&] { read(model_bytes(Bytes().message(1, many))); });
  Bytes nodes;
  for (std::size_t i = 0; i <= kMaxNodes; ++i) nodes.message(1, Bytes());
  expect_error(ErrorCode::kInvalidFile, {"20000 nodes"}, [&] { read(model_bytes(nodes)); });
}

// Wherever a node, attribute, tensor or input is at fault, the message begins with its name.
TEST(ReadModel, NamesWhatIsAtFault) {
  const Bytes strings = Bytes().number(2, 8).text(6, "a");
  const Bytes attribute = Bytes().text(1, "value").message(5, strings).number(20, 4);
  expect_error(
      ErrorCode::kUnsupported,
      {"node 'Constant_node' (Constant): attribute 'value': a tensor without a name: holds"}, [&] {
        read(model_bytes(
            Bytes().message(1, node_bytes("Constant", {}, {"y"}).message(5, attribute))));
      });
  // Field 9, four bytes long, of which one is there: protozero finds that out.
  const std::string cut = std::string("\x42\x01w\x4a\x04", 5) + "a";
  expect_error(ErrorCode::kInvalidFile, {"tensor 'w': is damaged"},
               [&] { read(model_bytes(Bytes().text(5, cut))); });
  expect_error(ErrorCode::kInvalidFile, {"node 1 (Relu): an input holds a control character"}, [&] {
    const Bytes nameless = Bytes().text(1, "x\n").text(4, "Relu");
    read(model_bytes(Bytes().message(1, Bytes()).message(1, nameless)));
  });
  const std::vector<std::int64_t> nine(9, 1);
  expect_error(ErrorCode::kInvalidFile, {"input 'x': has more than 8 dimensions"}, [&] {
    read(model_bytes(Bytes().message(11, testing_support::value_bytes("x", nine))));
  });
  expect_error(ErrorCode::kInvalidFile, {"output 'y': has more than 8 dimensions"}, [&] {
    read(model_bytes(Bytes().message(12, testing_support::value_bytes("y", nine))));
  });
}

TEST(ReadModel, RefusesAnAttributeTwice) {
  const Bytes attribute = Bytes().text(1, "axis").number(3, 1).number(20, 2);
  expect_error(ErrorCode::kInvalidFile, {"Op_node", "'axis'"}, [&] {
    read(model_bytes(
        Bytes().message(1, node_bytes("Op", {}, {}).message(5, attribute).message(5, attribute))));
  });
}

}  // namespace
}  // namespace gradus::onnx
