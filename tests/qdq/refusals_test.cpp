// What integers cannot hold exactly is refused, and the message names the node and the reason.
#include <gtest/gtest.h>

#include "tests/qdq/raw_network.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using namespace testing_raw;
using testing_support::expect_error;

// The way of a network that is refused, and what the message names.
struct Refusal {
  const char* what;
  ErrorCode code;
  Names words;
  void (*change)(Raw& raw);
};

// x -> xq -> xd -> Gemm with wd -> g -> yq -> out
Raw plain_network() {
  Raw raw;
  raw.input("x", {-1, 4}).grid("x", 0.1f, 0, DType::kInt8).grid("y", 0.2f, 0, DType::kInt8);
  raw.codes("w", {2, 4}, DType::kInt8, {1, 2, 3, 4, 5, 6, 7, 8}).grid("w", 0.3f, 0, DType::kInt8);
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd");
  raw.node("Gemm", {"xd", "wd"}, "g", {{"transB", std::int64_t{1}}});
  raw.node("QuantizeLinear", {"g", "y_s", "y_z"}, "yq")
      .node("DequantizeLinear", {"yq", "y_s", "y_z"}, "out");
  return raw.output("out");
}

Node& node_of(Raw& raw, const std::string& output) {
  for (Node& node : raw.graph.nodes) {
    if (node.name == output + "_node") return node;
  }
  throw std::runtime_error("no node " + output);
}

const Refusal kRefusals[] = {
    {"a block size",
     ErrorCode::kUnsupported,
     {"wd_node", "a block of 2"},
     [](Raw& raw) { node_of(raw, "wd").attributes["block_size"] = std::int64_t{2}; }},
    {"scales of two axes",
     ErrorCode::kUnsupported,
     {"wd_node", "[2, 2]", "block"},
     [](Raw& raw) { raw.floats("w_s", {2, 2}, {1, 1, 1, 1}); }},
    {"scales of the wrong number",
     ErrorCode::kInvalidFile,
     {"wd_node", "3 scales"},
     [](Raw& raw) {
       raw.floats("w_s", {3}, {1, 1, 1}).codes("w_z", {3}, DType::kInt8, {0, 0, 0});
     }},
    {"zero points of the wrong number",
     ErrorCode::kInvalidFile,
     {"wd_node", "2 zero points"},
     [](Raw& raw) { raw.codes("w_z", {2}, DType::kInt8, {0, 0}); }},
    {"an axis outside",
     ErrorCode::kInvalidFile,
     {"wd_node", "axis is 7"},
     [](Raw& raw) {
       raw.floats("w_s", {2}, {1, 1}).codes("w_z", {2}, DType::kInt8, {0, 0});
       node_of(raw, "wd").attributes["axis"] = std::int64_t{7};
     }},
    {"scales along the inputs of the weights",
     ErrorCode::kUnsupported,
     {"g_node", "axis 1", "axis 0"},
     [](Raw& raw) {
       raw.floats("w_s", {4}, {1, 1, 1, 1}).codes("w_z", {4}, DType::kInt8, {0, 0, 0, 0});
       node_of(raw, "wd").attributes["axis"] = std::int64_t{1};
     }},
    {"one scale a channel of an activation",
     ErrorCode::kUnsupported,
     {"xd_node", "4 scales"},
     [](Raw& raw) {
       raw.floats("x_s", {4}, {1, 1, 1, 1}).codes("x_z", {4}, DType::kInt8, {0, 0, 0, 0});
     }},
    {"16 bits",
     ErrorCode::kUnsupported,
     {"yq_node", "int16", "8 bits"},
     [](Raw& raw) {
       raw.graph.value(raw.graph.find_value("y_z")).constant = Tensor(DType::kInt16, {});
     }},
    {"a scale of zero",
     ErrorCode::kInvalidFile,
     {"yq_node", "above 0"},
     [](Raw& raw) { raw.floats("y_s", {}, {0.0f}); }},
    {"a scale below zero",
     ErrorCode::kInvalidFile,
     {"yq_node", "above 0"},
     [](Raw& raw) { raw.floats("y_s", {}, {-1.0f}); }},
    {"a scale that is no number",
     ErrorCode::kInvalidFile,
     {"yq_node", "above 0"},
     [](Raw& raw) { raw.floats("y_s", {}, {std::nanf("")}); }},
    {"a computed scale",
     ErrorCode::kUnsupported,
     {"yq_node", "at run time"},
     [](Raw& raw) { node_of(raw, "yq").inputs[1] = raw.graph.find_value("g"); }},
    {"another scale behind than before",
     ErrorCode::kUnsupported,
     {"out_node", "0.1", "0.2", "same"},
     [](Raw& raw) { node_of(raw, "out").inputs[1] = raw.graph.find_value("x_s"); }},
    {"a zero point of another type than the weights",
     ErrorCode::kInvalidFile,
     {"wd_node", "one type"},
     [](Raw& raw) { raw.codes("w_z", {}, DType::kUint8, {0}); }},
    {"a zero point of another type than the codes",
     ErrorCode::kInvalidFile,
     {"xd_node", "one type"},
     [](Raw& raw) {
       raw.codes("other", {}, DType::kUint8, {0});
       node_of(raw, "xd").inputs[2] = raw.graph.find_value("other");
     }},
    {"codes of one type in, of another out",
     ErrorCode::kUnsupported,
     {"m_node", "zero points of one type"},
     [](Raw& raw) {
       raw.grid("u", 0.2f, 0, DType::kUint8);
       raw.node("QLinearMatMul", {"xq", "x_s", "x_z", "w", "w_s", "w_z", "u_s", "u_z"}, "m");
       raw.graph.outputs = {raw.graph.find_value("m")};
     }},
    {"codes in a float operator",
     ErrorCode::kUnsupported,
     {"out_node", "Softmax", "yq"},
     [](Raw& raw) { node_of(raw, "out").op = "Softmax", node_of(raw, "out").inputs.resize(1); }},
    {"codes rounded again",
     ErrorCode::kUnsupported,
     {"out_node", "rounds codes"},
     [](Raw& raw) { node_of(raw, "out").op = "QuantizeLinear"; }},
    {"weights without codes",
     ErrorCode::kUnsupported,
     {"g_node", "weights are float"},
     [](Raw& raw) {
       raw.floats("wf", {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
       node_of(raw, "g").inputs[1] = raw.graph.find_value("wf");
     }},
    {"an input that is not rounded",
     ErrorCode::kUnsupported,
     {"g_node", "is float"},
     [](Raw& raw) { node_of(raw, "g").inputs[0] = raw.graph.find_value("x"); }},
    {"a clip to one code",
     ErrorCode::kUnsupported,
     {"cut_node", "more than one code"},
     [](Raw& raw) {
       raw.codes("five", {}, DType::kInt8, {5}).node("Clip", {"yq", "five", "five"}, "cut");
       node_of(raw, "out").inputs[0] = raw.graph.find_value("cut");
     }},
    {"a pad with no zero",
     ErrorCode::kUnsupported,
     {"p_node", "pads codes with 0", "zero point, 3"},
     [](Raw& raw) {
       raw.codes("y_z", {}, DType::kInt8, {3});
       raw.node("Pad", {"yq"}, "p");
       node_of(raw, "out").inputs[0] = raw.graph.find_value("p");
     }},
    {"QONNX that truncates",
     ErrorCode::kUnsupported,
     {"t_node", "FLOOR"},
     [](Raw& raw) {
       raw.floats("n", {}, {4.0f});
       raw.node("onnx.brevitas:Quant", {"out", "y_s", "y_s", "n"}, "t",
                {{"rounding_mode", std::string("FLOOR")}});
       raw.graph.outputs = {raw.graph.find_value("t")};
     }},
    {"QONNX of 9 bits",
     ErrorCode::kUnsupported,
     {"t_node", "9 bits"},
     [](Raw& raw) {
       raw.floats("n", {}, {9.0f}).floats("z", {}, {0.0f});
       raw.node("onnx.brevitas:Quant", {"out", "y_s", "z", "n"}, "t");
       raw.graph.outputs = {raw.graph.find_value("t")};
     }},
    {"QONNX of half a bit",
     ErrorCode::kUnsupported,
     {"t_node", "whole number"},
     [](Raw& raw) {
       raw.floats("n", {}, {2.5f}).floats("z", {}, {0.0f});
       raw.node("onnx.brevitas:Quant", {"out", "y_s", "z", "n"}, "t");
       raw.graph.outputs = {raw.graph.find_value("t")};
     }},
    {"a zero point between codes",
     ErrorCode::kUnsupported,
     {"t_node", "expected a code"},
     [](Raw& raw) {
       raw.floats("n", {}, {4.0f}).floats("z", {}, {0.5f});
       raw.node("onnx.brevitas:Quant", {"out", "y_s", "z", "n"}, "t");
       raw.graph.outputs = {raw.graph.find_value("t")};
     }},
    {"an unknown domain",
     ErrorCode::kUnsupported,
     {"com.acme:Fancy"},
     [](Raw& raw) {
       raw.node("com.acme:Fancy", {"out"}, "t");
       raw.graph.outputs = {raw.graph.find_value("t")};
     }},
};

TEST(LiftQuantized, RefusesByNameWhatIntegersCannotHold) {
  EXPECT_NO_THROW(converted(plain_network()));
  for (const Refusal& refusal : kRefusals) {
    SCOPED_TRACE(refusal.what);
    Raw raw = plain_network();
    refusal.change(raw);
    for (const auto& word : refusal.words) {
      expect_error(refusal.code, {word}, [&] { converted(raw); });
    }
  }
}

}  // namespace
}  // namespace gradus
