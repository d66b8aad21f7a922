// Normalization that goes on after what is wrong.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/graph/normalizer.h"
#include "gradus/graph/ops/support.h"

namespace gradus {
namespace {

using Change = void (*)(Shape& shape);

void double_from(Shape& shape, std::size_t axis) {
  for (std::size_t i = axis; i < shape.size(); ++i) {
    if (shape[i] > 0 && shape[i] < 1 << 20) shape[i] *= 2;
  }
}

// Other guesses: more pixels, more channels too, an axis less, and one more.
constexpr std::array<Change, 4> kOthers = {[](Shape& shape) { double_from(shape, 2); },
                                           [](Shape& shape) { double_from(shape, 1); },
                                           [](Shape& shape) {
                                             if (shape.size() > 1) shape.pop_back();
                                           },
                                           [](Shape& shape) {
                                             if (shape.size() < 8) shape.push_back(1);
                                           }};

class Surveyor : public Normalizer {
 public:
  using Normalizer::Normalizer;

  NotNormalized run(const std::set<std::string>& unusable) {
    for (auto& node : take_nodes()) {
      if (!try_node(node, unusable.contains(node.name))) leave_out(std::move(node));
    }
    close_gaps();
    finish();
    return std::move(not_normalized_);
  }

 private:
  enum class Shapes { kKnown, kGuessed, kUnknown };

  Shapes shapes_of_inputs(const Node& node) const {
    Shapes worst = Shapes::kKnown;
    for (ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      if (unknown_.contains(id)) return Shapes::kUnknown;
      if (guessed_.contains(id) || guessed_.contains(resolved(id))) worst = Shapes::kGuessed;
    }
    return worst;
  }

  // Whether the node is in the graph now; if not, errors_ knows why, or another node is at fault.
  bool try_node(const Node& node, bool told) {
    if (told) return false;
    if (!is_known_operator(node, options_.opset)) {
      return errors_.attempt([&] {
        ops::refuse(node,
                    "is not an operator that gradus computes; replace it in the network, or cut it "
                    "before it");
      });
    }
    switch (shapes_of_inputs(node)) {
      case Shapes::kKnown: {
        std::optional<Error> error;
        const bool done = process_or_undo(node, error);
        if (error) errors_.tell(*error);
        return done;
      }
      case Shapes::kGuessed:
        return try_guessed(node);
      case Shapes::kUnknown:
        break;
    }
    errors_.attempt([&] {
      Node trimmed = node;
      trim_node(trimmed, used_);
      check_form(trimmed, *find_graph_op(node.op), errors_);
    });
    return false;
  }

  // What is wrong with an attribute whatever the shapes are is wrong with other guesses alike. That
  // with other channels the weights fit no more says nothing.
  bool try_guessed(const Node& node) {
    std::optional<Error> first;
    const std::size_t before = graph_.nodes.size();
    if (process_or_undo(node, first)) {
      guess_outputs(node, before);
      return true;
    }
    if (!first || !is_of_attribute(*first)) return false;
    const bool always = std::all_of(kOthers.begin(), kOthers.end(), [&](Change change) {
      const std::optional<Error> other = error_if_changed(node, change);
      return other && (std::string(other->what()) == first->what() || !is_of_attribute(*other));
    });
    if (always) errors_.tell(*first);
    return false;
  }

  static bool is_of_attribute(const Error& error) {
    return std::string(error.what()).find("): attribute ") != std::string::npos;
  }

  // What is wrong with the node if the guessed shapes that it reads are others.
  std::optional<Error> error_if_changed(const Node& node, Change change) {
    const std::size_t before = graph_.nodes.size();
    const auto shapes = change_guesses(node, change);
    std::optional<Error> error;
    if (process_or_undo(node, error)) undo(node, before);
    for (const auto& [id, shape] : shapes) graph_.value(id).shape = shape;
    return error;
  }

  bool process_or_undo(const Node& node, std::optional<Error>& error) {
    const std::size_t before = graph_.nodes.size();
    try {
      if (process(node)) return true;
    } catch (const Error& found) {
      error = found;
    }
    undo(node, before);
    return false;
  }

  // What the node has become goes again: nothing makes its outputs.
  void undo(const Node& node, std::size_t nodes_before) {
    graph_.nodes.resize(nodes_before);
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      computed_.erase(id);
      aliases_.erase(id);
      partial_.erase(id);
      graph_.value(id).constant.reset();
    }
  }

  // Changes what the node reads, where that is guessed; returns what it was.
  std::map<ValueId, Shape> change_guesses(const Node& node, Change change) {
    std::map<ValueId, Shape> shapes;
    for (ValueId id : node.inputs) {
      if (id == kNoValue || !guessed_.contains(resolved(id))) continue;
      Shape& shape = *graph_.value(resolved(id)).shape;
      if (shapes.emplace(resolved(id), shape).second) change(shape);
    }
    return shapes;
  }

  // `from`: the first of the nodes that it has become.
  void guess_outputs(const Node& node, std::size_t from) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue) guessed_.insert(id);
    }
    for (; from < graph_.nodes.size(); ++from) {
      not_normalized_.guessed.insert(graph_.nodes[from].name);
    }
  }

  // What the node would have made is taken to be like its first input.
  void leave_out(Node node) {
    const ValueId like =
        node.inputs.empty() || node.inputs[0] == kNoValue || unknown_.contains(node.inputs[0])
            ? kNoValue
            : resolved(node.inputs[0]);
    const bool known = like != kNoValue && graph_.value(like).shape &&
                       !graph_.value(like).constant && graph_.value(like).dtype == DType::kFloat32;
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      if (known) {
        graph_.value(id).shape = graph_.value(like).shape;
        graph_.value(id).dtype = DType::kFloat32;
        guessed_.insert(id);
        gaps_.insert(id);
      } else {
        unknown_.insert(id);
      }
    }
    not_normalized_.left_out.push_back(std::move(node));
  }

  // What nodes that are left out would read leaves the graph; what they would make comes in.
  void close_gaps() {
    std::erase_if(graph_.outputs, [&](ValueId id) {
      return unknown_.contains(id) || gaps_.contains(resolved(id));
    });
    std::set<ValueId> known(graph_.outputs.begin(), graph_.outputs.end());
    for (const Node& node : not_normalized_.left_out) {
      for (ValueId id : node.inputs) {
        if (id == kNoValue || !computed_.contains(resolved(id))) continue;
        if (known.insert(resolved(id)).second) graph_.outputs.push_back(resolved(id));
      }
    }
    graph_.inputs.insert(graph_.inputs.end(), gaps_.begin(), gaps_.end());
  }

  std::set<ValueId> unknown_;  // by nodes that were left out: not even a guess
  std::set<ValueId> guessed_;  // by them, or by nodes that depend on them
  std::set<ValueId> gaps_;     // by them, with a guessed shape
  NotNormalized not_normalized_;
};

}  // namespace

NotNormalized normalize_what_can_be(Graph& graph, const NormalizeOptions& options,
                                    const std::set<std::string>& unusable, ErrorSink& errors) {
  graph.sort();
  NotNormalized rest = Surveyor(graph, options, errors).run(unusable);
  graph.verify();
  return rest;
}

}  // namespace gradus
