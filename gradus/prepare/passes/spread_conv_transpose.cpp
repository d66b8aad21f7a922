// A transposed convolution becomes a convolution with its weights turned around, over a map with
// zeros between its pixels. What puts the zeros there is a ConvTranspose too: of one tap of 1, a
// channel by itself, which integers compute as a pad.
#include <algorithm>
#include <vector>

#include "gradus/prepare/attributes.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

using Integers = std::vector<std::int64_t>;

// [in, out / group, h, w] to [out, in / group, h, w], both axes of the kernel reversed.
Tensor turned(const Tensor& weights, std::int64_t group) {
  const Shape& s = weights.shape();
  const std::int64_t in = s[0] / group;
  const std::int64_t out = s[1];
  const Shape shape = {out * group, in, s[2], s[3]};
  if (weights.is_filled()) return Tensor::filled(weights.element(), shape);
  Tensor result(DType::kFloat32, shape);
  const auto from = weights.as<float>();
  const auto to = result.as<float>();
  const std::int64_t taps = s[2] * s[3];
  for (std::int64_t g = 0; g < group; ++g) {
    for (std::int64_t o = 0; o < out; ++o) {
      for (std::int64_t i = 0; i < in; ++i) {
        for (std::int64_t k = 0; k < taps; ++k) {
          to[static_cast<std::size_t>((((g * out + o) * in) + i) * taps + k)] =
              from[static_cast<std::size_t>((((g * in + i) * out) + o) * taps + taps - 1 - k)];
        }
      }
    }
  }
  return result;
}

// The quantizer of the weights turned around, if they came with one: its slices along the outputs,
// axis 1, are those of every group along axis 0. kNoQuantizer where no convolution has such scales.
QuantizerId turned_quantizer(Graph& graph, const Node& node) {
  const QuantizerId id = graph.value(node.inputs[1]).quantizer;
  if (id == kNoQuantizer) return kNoQuantizer;
  Quantizer turned = graph.quantizers.at(static_cast<std::size_t>(id));
  if (!turned.spec.per_channel) return id;
  if (turned.spec.axis != 1) return kNoQuantizer;
  const QuantizationParameters one = turned.parameters;
  for (std::int64_t g = 1; g < node.integer("group", 1); ++g) {
    auto& all = turned.parameters;
    all.scale.insert(all.scale.end(), one.scale.begin(), one.scale.end());
    all.zero_point.insert(all.zero_point.end(), one.zero_point.begin(), one.zero_point.end());
  }
  turned.spec.axis = 0;
  graph.quantizers.push_back(std::move(turned));
  return static_cast<QuantizerId>(graph.quantizers.size() - 1);
}

// The pads of the convolution; empty if one would cut the map instead.
Integers pads_of(const Node& node, const Shape& weights) {
  const Integers pads = node.integers("pads", {0, 0, 0, 0});
  const Integers dilations = node.integers("dilations", {1, 1});
  const Integers added = node.integers("output_padding", {0, 0});
  Integers result(4);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t reach = (weights[2 + axis] - 1) * dilations[axis];
    result[axis] = reach - pads[axis];
    result[2 + axis] = reach - pads[2 + axis] + added[axis];
  }
  const bool cuts = std::any_of(result.begin(), result.end(), [](auto pad) { return pad < 0; });
  return cuts ? Integers{} : result;
}

// The node that puts zeros between the pixels; `like` is the transposed convolution.
Node spread(Graph& graph, const Node& like, const Integers& strides) {
  const Shape in = *graph.value(like.inputs[0]).shape;
  const float one = 1.0f;
  const Tensor ones = Tensor::filled(Tensor::from<float>({}, {&one, 1}), {in[1], 1, 1, 1});
  Node node;
  node.name = like.name + ".spread";
  node.op = "ConvTranspose";
  node.inputs = {like.inputs[0], graph.add_constant(node.name + ".weight", ones)};
  node.attributes = {{"kernel_shape", Integers{1, 1}},   {"strides", strides},
                     {"dilations", Integers{1, 1}},      {"pads", Integers{0, 0, 0, 0}},
                     {"output_padding", Integers{0, 0}}, {"group", in[1]}};
  Value value;
  value.name = node.name + ".output";
  value.shape = {in[0], in[1], (in[2] - 1) * strides[0] + 1, (in[3] - 1) * strides[1] + 1};
  node.outputs = {graph.add_value(std::move(value))};
  return node;
}

// The nodes that stand for a transposed convolution, in order: itself if it is left alone.
std::vector<Node> rewritten(Graph& graph, Node node) {
  const auto& constant = graph.value(node.inputs.at(1)).constant;
  if (!constant || constant->dtype() != DType::kFloat32 || is_spread(graph, node)) return {node};
  const Shape weights = constant->shape();
  const Integers pads = pads_of(node, weights);
  if (pads.empty()) return {node};
  const QuantizerId quantizer = turned_quantizer(graph, node);
  if (quantizer == kNoQuantizer && graph.value(node.inputs[1]).quantizer != kNoQuantizer) {
    return {node};
  }
  const std::int64_t group = node.integer("group", 1);
  const Tensor kernel = turned(*constant, group);
  const Integers strides = node.integers("strides", {1, 1});
  Node conv = node;
  conv.op = "Conv";
  conv.attributes = {{"kernel_shape", Integers{weights[2], weights[3]}},
                     {"strides", Integers{1, 1}},
                     {"dilations", node.integers("dilations", {1, 1})},
                     {"pads", pads},
                     {"group", group}};
  const std::string name = graph.value(node.inputs[1]).name + ".turned";
  conv.inputs[1] = graph.add_constant(name, kernel);
  graph.value(conv.inputs[1]).quantizer = quantizer;
  if (strides == Integers{1, 1}) return {conv};
  Node zeros = spread(graph, node, strides);
  conv.inputs[0] = zeros.outputs[0];
  return {std::move(zeros), std::move(conv)};
}

void run(Graph& graph, const Recipe&, ErrorSink&) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    if (node.op != "ConvTranspose") {
      nodes.push_back(std::move(node));
      continue;
    }
    for (Node& made : rewritten(graph, std::move(node))) nodes.push_back(std::move(made));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace

Pass spread_conv_transpose_prepare_pass() {
  return {"spread_conv_transpose", "makes transposed convolutions convolutions of spread maps",
          run};
}

}  // namespace gradus
