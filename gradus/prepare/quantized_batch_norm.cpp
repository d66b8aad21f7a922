#include "gradus/prepare/quantized_batch_norm.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gradus/graph/fused.h"

namespace gradus {
namespace {

bool reads_codes(const Graph& graph, const Node& norm) {
  const std::int64_t producer = graph.producer(norm.input(0));
  return producer >= 0 && graph.nodes[static_cast<std::size_t>(producer)].op == "Quant";
}

// Scale, bias, mean and variance; empty unless all are constant floats of one length.
std::vector<std::span<const float>> parameters(const Graph& graph, const Node& norm) {
  std::vector<std::span<const float>> found;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (norm.input(i) == kNoValue) return {};
    const auto& constant = graph.value(norm.inputs[i]).constant;
    if (!constant || constant->dtype() != DType::kFloat32) return {};
    found.push_back(constant->as<float>());
    if (found.back().size() != found[0].size()) return {};
  }
  return found;
}

// A node that computes with one constant a channel.
Node with_constant(Graph& graph, const Node& norm, const std::string& op, ValueId x,
                   const std::vector<float>& values) {
  const std::size_t rank = graph.value(norm.inputs[0]).shape->size();
  Shape shape(rank - 1, 1);
  shape[0] = std::ssize(values);
  Node node;
  node.name = norm.name + "." + op;
  node.op = op;
  node.inputs = {x, graph.add_constant(node.name + ".constant", Tensor::from<float>(shape, values))};
  return node;
}

}  // namespace

void spell_out_batch_norms(Graph& graph) {
  std::vector<Node> result;
  for (const Node& norm : graph.nodes) {
    const auto constants = norm.op == "BatchNormalization" && reads_codes(graph, norm)
                               ? parameters(graph, norm)
                               : std::vector<std::span<const float>>{};
    const std::optional<Shape> shape = graph.value(norm.outputs.at(0)).shape;  // adding values moves them
    if (constants.empty() || norm.integer("training_mode", 0) != 0 || !shape || shape->size() < 2) {
      result.push_back(norm);
      continue;
    }
    const ChannelAffine affine = channel_affine({}, constants[0], constants[1], constants[2], constants[3],
                                                norm.real("epsilon", 1e-5f));
    Node product = with_constant(graph, norm, "Mul", norm.inputs[0], affine.gain);
    Value between;
    between.name = product.name + ".output";
    between.shape = shape;
    product.outputs = {graph.add_value(std::move(between))};
    Node sum = with_constant(graph, norm, "Add", product.outputs[0], affine.offset);
    sum.outputs = {norm.outputs[0]};
    result.push_back(std::move(product));
    result.push_back(std::move(sum));
  }
  graph.nodes = std::move(result);
}

}  // namespace gradus
