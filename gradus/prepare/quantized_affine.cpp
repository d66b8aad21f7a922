#include "gradus/prepare/quantized_affine.h"

#include <algorithm>
#include <cmath>
#include <optional>
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
  node.inputs = {x,
                 graph.add_constant(node.name + ".constant", Tensor::from<float>(shape, values))};
  return node;
}

// y = gain * x + offset, one of each a channel.
struct Affine {
  std::vector<double> gain, offset;
};

// Input `i` as one number a channel of `shape`; empty if it is no such constant.
std::vector<double> channel_constant(const Graph& graph, const Node& node, std::size_t i,
                                     const Shape& shape) {
  const ValueId id = node.input(i);
  if (id == kNoValue || !graph.value(id).constant ||
      graph.value(id).constant->dtype() != DType::kFloat32)
    return {};
  const Shape& own = graph.value(id).constant->shape();
  if (own.size() > shape.size()) return {};
  const std::size_t missing = shape.size() - own.size();
  for (std::size_t axis = 0; axis < own.size(); ++axis) {
    if (own[axis] != 1 && !(missing + axis == 1 && own[axis] == shape[1])) return {};
  }
  const auto values = graph.value(id).constant->as<float>();
  std::vector<double> list(static_cast<std::size_t>(shape[1]));
  for (std::size_t c = 0; c < list.size(); ++c)
    list[c] = static_cast<double>(values[values.size() == 1 ? 0 : c]);
  return list;
}

bool apply_batch_norm(const Graph& graph, const Node& norm, Affine& affine) {
  const auto p = parameters(graph, norm);
  if (p.empty() || p[0].size() != affine.gain.size() || norm.integer("training_mode", 0) != 0)
    return false;
  for (std::size_t c = 0; c < affine.gain.size(); ++c) {
    const double gain =
        static_cast<double>(p[0][c]) /
        std::sqrt(static_cast<double>(p[3][c]) + static_cast<double>(norm.real("epsilon", 1e-5f)));
    affine.gain[c] *= gain;
    affine.offset[c] =
        (affine.offset[c] - static_cast<double>(p[2][c])) * gain + static_cast<double>(p[1][c]);
  }
  return true;
}

// Puts the node, which reads `x` of `shape`, behind `affine`. Returns false if it is no such
// function.
bool apply(const Graph& graph, const Node& node, ValueId x, const Shape& shape, Affine& affine) {
  if (node.op == "BatchNormalization")
    return node.inputs[0] == x && apply_batch_norm(graph, node, affine);
  const bool product = node.op == "Mul" || node.op == "Div";
  if (!product && node.op != "Add" && node.op != "Sub") return false;
  if (node.inputs.size() != 2 || graph.value(node.outputs.at(0)).shape != shape) return false;
  const bool turned = node.inputs[1] == x;  // k - x and k / x are of other kinds
  if (turned && (node.op == "Sub" || node.op == "Div")) return false;
  const auto list = channel_constant(graph, node, turned ? 0 : 1, shape);
  if (list.empty()) return false;
  for (std::size_t c = 0; c < list.size(); ++c) {
    const double factor = node.op == "Mul" ? list[c] : node.op == "Div" ? 1.0 / list[c] : 1.0;
    if (!std::isfinite(factor)) return false;
    affine.gain[c] *= factor;
    affine.offset[c] = affine.offset[c] * factor + (product            ? 0.0
                                                    : node.op == "Add" ? list[c]
                                                                       : -list[c]);
  }
  return true;
}

bool has_codes_as_weights(const Graph& graph, const Node& node) {
  if ((node.op != "Conv" && node.op != "Gemm") || node.inputs.size() > 3 ||
      node.input(1) == kNoValue)
    return false;
  return graph.value(node.inputs[1]).quantizer != kNoQuantizer;
}

// A batch norm that computes `affine`: of mean 0 and variance 1, without epsilon.
Node batch_norm(Graph& graph, const std::string& name, const Affine& affine) {
  Node norm;
  norm.name = name;
  norm.op = "BatchNormalization";
  norm.attributes["epsilon"] = 0.0f;
  const std::vector<float> zeros(affine.gain.size()), ones(affine.gain.size(), 1.0f);
  const std::vector<float> gain(affine.gain.begin(), affine.gain.end());
  const std::vector<float> offset(affine.offset.begin(), affine.offset.end());
  norm.inputs = {kNoValue};
  for (const auto& [suffix, list] :
       {std::pair{".gain", &gain}, {".offset", &offset}, {".mean", &zeros}, {".variance", &ones}}) {
    norm.inputs.push_back(
        graph.add_constant(name + suffix, Tensor::from<float>({std::ssize(*list)}, *list)));
  }
  return norm;
}

constexpr std::size_t kNoReader = static_cast<std::size_t>(-1);

// The one node that reads each value; kNoReader where there is none, several, or it leaves the
// network too.
std::vector<std::size_t> only_readers(const Graph& graph) {
  std::vector<std::size_t> readers(graph.values.size(), kNoReader);
  std::vector<bool> several(graph.values.size());
  for (ValueId id : graph.outputs) several.at(static_cast<std::size_t>(id)) = true;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (ValueId id : graph.nodes[i].inputs) {
      if (id == kNoValue) continue;
      const auto at = static_cast<std::size_t>(id);
      several[at] = several[at] || readers[at] != kNoReader;
      readers[at] = i;
    }
  }
  for (std::size_t at = 0; at < readers.size(); ++at) {
    if (several[at]) readers[at] = kNoReader;
  }
  return readers;
}

// The nodes behind a layer that are functions of its channels, and what they amount to.
struct Chain {
  std::vector<std::size_t> nodes;
  Affine affine;
  bool product = false;  // Mul or Div is among them
};

Chain chain_behind(const Graph& graph, const std::vector<std::size_t>& readers, ValueId x) {
  Chain chain;
  const auto& shape = graph.value(x).shape;
  if (!shape || shape->size() < 2 || (*shape)[1] < 1) return chain;
  const auto channels = static_cast<std::size_t>((*shape)[1]);
  chain.affine = {std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
  for (;;) {
    const std::size_t at = readers.at(static_cast<std::size_t>(x));
    if (at == kNoReader || !apply(graph, graph.nodes[at], x, *shape, chain.affine)) return chain;
    chain.product = chain.product || graph.nodes[at].op == "Mul" || graph.nodes[at].op == "Div";
    chain.nodes.push_back(at);
    x = graph.nodes[at].outputs[0];
  }
}

bool fits_float(const Affine& affine) {
  const auto fits = [](double x) { return std::isfinite(static_cast<float>(x)); };
  return std::all_of(affine.gain.begin(), affine.gain.end(), fits) &&
         std::all_of(affine.offset.begin(), affine.offset.end(), fits);
}

}  // namespace

void join_affine_chains(Graph& graph) {
  const std::vector<std::size_t> readers = only_readers(graph);
  std::vector<bool> gone(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!has_codes_as_weights(graph, graph.nodes[i])) continue;
    const ValueId x = graph.nodes[i].outputs.at(0);
    const Chain chain = chain_behind(graph, readers, x);
    if (!chain.product || !fits_float(chain.affine)) continue;
    Node norm = batch_norm(graph, graph.nodes[chain.nodes[0]].name, chain.affine);
    norm.inputs[0] = x;
    norm.outputs = {graph.nodes[chain.nodes.back()].outputs[0]};
    for (std::size_t at : chain.nodes) gone[at] = at != chain.nodes[0];
    graph.nodes[chain.nodes[0]] = std::move(norm);
  }
  std::vector<Node> kept;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!gone[i]) kept.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(kept);
}

void spell_out_batch_norms(Graph& graph) {
  std::vector<Node> result;
  for (const Node& norm : graph.nodes) {
    const auto constants = norm.op == "BatchNormalization" && reads_codes(graph, norm)
                               ? parameters(graph, norm)
                               : std::vector<std::span<const float>>{};
    const std::optional<Shape> shape =
        graph.value(norm.outputs.at(0)).shape;  // adding values moves them
    if (constants.empty() || norm.integer("training_mode", 0) != 0 || !shape || shape->size() < 2) {
      result.push_back(norm);
      continue;
    }
    const ChannelAffine affine = channel_affine({}, constants[0], constants[1], constants[2],
                                                constants[3], norm.real("epsilon", 1e-5f));
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
