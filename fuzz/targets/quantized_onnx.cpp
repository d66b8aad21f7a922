// ONNX that another tool quantized: lifted, prepared, made integers, and run on the engine.
#include <cmath>

#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare_quantized.h"
#include "gradus/qmodel/cost.h"
#include "gradus/runtime/engine.h"
#include "tests/onnx/onnx_bytes.h"
#include "tests/support/random_model.h"

namespace gradus::fuzz {
namespace {

using testing_support::node_bytes;
using testing_support::tensor_bytes;
using Message = testing_support::Bytes;

constexpr std::int64_t kMostWork = 1 << 20;  // only because of time
constexpr int kFloat = 1, kUint8 = 2, kInt8 = 3, kInt32 = 6;

void run(std::span<const std::byte> bytes) {
  const std::string path = private_file(
      "q.onnx", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  QuantizedNetwork network = import_quantized_onnx(path);
  prepare_quantized(network.graph, network.integers);
  const QModel model = convert(network.graph, {});
  const NodeCost cost = total_cost(model);
  if (cost.macs > kMostWork || cost.activation_bytes > kMostWork) return;
  Engine engine(model, {.threads = 1, .max_batch = 1});
  std::int64_t elements = 0;
  for (const QTensor& output : engine.outputs()) {
    elements += std::int64_t{output.height} * output.width * output.channels;
  }
  std::vector<float> outputs(static_cast<std::size_t>(elements));
  engine.run(testing_support::random_images(model, 1, 5), 1, outputs);
  for (const float value : outputs) require(std::isfinite(value), "an output is not finite");
}

Message scalar(const std::string& name, float value) {
  return tensor_bytes(name, kFloat, {}).real(4, value);
}
Message zero_point(const std::string& name, int type, std::int64_t value) {
  return tensor_bytes(name, type, {}).number(5, value);
}
Message weights(const std::string& name) {
  std::string codes;
  for (int i = 0; i < 2 * 1 * 3 * 3; ++i) codes += static_cast<char>(i * 7 - 50);
  return tensor_bytes(name, kInt8, {2, 1, 3, 3}).text(9, codes);
}
// Scales and zero points of x and y, and what both forms of network need.
Message with_grids(Message graph) {
  return graph.text(2, "q")
      .message(5, scalar("xs", 0.02f))
      .message(5, zero_point("xz", kUint8, 3))
      .message(5, weights("w"))
      .message(5, tensor_bytes("ws", kFloat, {2}).real(4, 0.01f).real(4, 0.03f))
      .message(5, tensor_bytes("wz", kInt8, {2}).numbers(5, {0, 0}))
      .message(5, scalar("ys", 0.05f))
      .message(5, zero_point("yz", kUint8, 128))
      .message(11, testing_support::value_bytes("x", {-1, 1, 5, 5}))
      .message(12, testing_support::value_bytes("y", {-1, 2, 3, 3}));
}

Message axis_zero() { return Message().text(1, "axis").number(3, 0).number(20, 2); }

std::string qdq_network() {
  return testing_support::model_bytes(
             with_grids(Message()
                            .message(1, node_bytes("QuantizeLinear", {"x", "xs", "xz"}, {"xq"}))
                            .message(1, node_bytes("DequantizeLinear", {"xq", "xs", "xz"}, {"xd"}))
                            .message(1, node_bytes("DequantizeLinear", {"w", "ws", "wz"}, {"wd"})
                                            .message(5, axis_zero()))
                            .message(1, node_bytes("Conv", {"xd", "wd"}, {"c"}))
                            .message(1, node_bytes("Relu", {"c"}, {"r"}))
                            .message(1, node_bytes("QuantizeLinear", {"r", "ys", "yz"}, {"yq"}))
                            .message(1, node_bytes("DequantizeLinear", {"yq", "ys", "yz"}, {"y"}))))
      .str();
}

std::string qlinear_network() {
  return testing_support::model_bytes(
             with_grids(
                 Message()
                     .message(1, node_bytes("QuantizeLinear", {"x", "xs", "xz"}, {"xq"}))
                     .message(1, node_bytes("QLinearConv",
                                            {"xq", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"},
                                            {"yq"}))
                     .message(1, node_bytes("DequantizeLinear", {"yq", "ys", "yz"}, {"y"}))
                     .message(5, tensor_bytes("b", kInt32, {2}).numbers(5, {100, -7}))))
      .str();
}

std::vector<std::string> seeds() { return {qdq_network(), qlinear_network()}; }

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
