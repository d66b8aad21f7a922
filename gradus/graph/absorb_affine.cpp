#include "gradus/graph/absorb_affine.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "gradus/graph/channel_constant.h"

namespace gradus {
namespace {

class Absorber {
 public:
  explicit Absorber(Graph& graph) : graph_(graph) {
    for (const auto& node : graph.nodes) {
      for (ValueId id : node.inputs) ++uses_[id];
    }
    for (ValueId id : graph.outputs) ++uses_[id];
    for (const auto& value : graph.values) names_.insert(value.name);
  }

  void run() {
    std::vector<Node> kept;
    for (Node& node : graph_.nodes) {
      if (absorb(node, kept)) continue;
      for (ValueId id : node.outputs) maker_[id] = kept.size();
      kept.push_back(std::move(node));
    }
    graph_.nodes = std::move(kept);
  }

 private:
  // Whether the node went into the layer before it.
  bool absorb(const Node& node, std::vector<Node>& kept) {
    if (node.op != "Add" && node.op != "Mul") return false;
    for (std::size_t side : {0u, 1u}) {
      const auto maker = maker_.find(node.inputs[side]);
      if (maker == maker_.end() || uses_[node.inputs[side]] != 1) continue;
      Node& layer = kept[maker->second];
      const bool normalizes = layer.op == "BatchNormalization";
      const bool linear = layer.op == "Conv" || layer.op == "Gemm";
      if (!normalizes && !(linear && node.op == "Add")) continue;
      const Shape shape = graph_.value(layer.outputs[0]).shape.value();
      if (graph_.value(node.outputs[0]).shape != shape) continue;
      if (shape.size() < 2 || shape[1] > channels_left_) continue;
      const auto list = channel_constant(graph_, node.inputs[1 - side], shape);
      if (!list || (layer.inputs.size() > 2 && !is_list(layer.inputs[2], list->size()))) continue;
      channels_left_ -= shape[1];
      change(layer, node, *list);
      layer.outputs[0] = node.outputs[0];
      maker_[node.outputs[0]] = maker->second;
      return true;
    }
    return false;
  }

  bool is_list(ValueId id, std::size_t size) const {
    return id == kNoValue ||
           (graph_.value(id).constant && graph_.value(id).constant->dtype() == DType::kFloat32 &&
            graph_.value(id).quantizer == kNoQuantizer &&
            graph_.value(id).constant->shape() == Shape{static_cast<std::int64_t>(size)});
  }

  void change(Node& layer, const Node& node, const std::vector<float>& list) {
    std::vector<float> offset(list.size(), 0.0f);
    if (layer.inputs.size() > 2 && layer.inputs[2] != kNoValue) offset = values(layer.inputs[2]);
    for (std::size_t c = 0; c < list.size(); ++c) {
      offset[c] = node.op == "Add" ? offset[c] + list[c] : offset[c] * list[c];
    }
    layer.inputs.resize(std::max<std::size_t>(layer.inputs.size(), 3), kNoValue);
    layer.inputs[2] = constant(layer.inputs[2], node.name + "_offset", std::move(offset));
    if (node.op == "Add") return;
    std::vector<float> gain = values(layer.inputs[1]);
    for (std::size_t c = 0; c < list.size(); ++c) gain[c] *= list[c];
    layer.inputs[1] = constant(layer.inputs[1], node.name + "_gain", std::move(gain));
  }

  std::vector<float> values(ValueId id) const {
    const auto span = graph_.value(id).constant->as<float>();
    return {span.begin(), span.end()};
  }

  // In place of `old`, if that was made here: a chain of sums needs one constant.
  ValueId constant(ValueId old, std::string name, std::vector<float> list) {
    while (!names_.insert(name).second) name += "_";
    if (!made_.contains(old)) {
      graph_.values.emplace_back();
      old = static_cast<ValueId>(graph_.values.size() - 1);
      made_.insert(old);
    }
    Value& value = graph_.value(old);
    value.name = std::move(name);
    value.constant =
        Tensor::from<float>({static_cast<std::int64_t>(list.size())}, std::span<const float>(list));
    value.shape = value.constant->shape();
    return old;
  }

  Graph& graph_;
  std::map<ValueId, std::size_t> uses_;   // by nodes and as outputs
  std::map<ValueId, std::size_t> maker_;  // index in the nodes that are kept
  std::set<std::string> names_;
  std::set<ValueId> made_;
  std::int64_t channels_left_ = kMostChannelsTaken;
};

}  // namespace

void absorb_affine(Graph& graph) { Absorber(graph).run(); }

}  // namespace gradus
