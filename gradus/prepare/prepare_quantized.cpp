#include "gradus/prepare/prepare_quantized.h"

#include <algorithm>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/graph/quant_node.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/groups.h"
#include "gradus/prepare/integer_form.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/quantized_affine.h"
#include "gradus/prepare/quantized_layers.h"
#include "gradus/prepare/quantized_movements.h"
#include "gradus/prepare/rewrite.h"

namespace gradus {
namespace {

bool is_quant(const Node& node) { return node.op == "Quant"; }

std::string free_node_name(const Graph& graph, std::string name) {
  const auto taken = [&] {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [&](const Node& node) { return node.name == name; });
  };
  while (taken()) name += "_";
  return name;
}

// Puts `node` at `place`, with a value of its own between it and `reader`s input `slot`.
void insert_before(Graph& graph, std::size_t place, std::size_t slot, Node node,
                   const std::string& suffix) {
  const ValueId from = graph.nodes[place].inputs[slot];
  Value between;
  between.name = graph.value(from).name + suffix;
  between.shape = graph.value(from).shape;
  const ValueId id = graph.add_value(std::move(between));
  node.name = free_node_name(graph, graph.nodes[place].name + suffix);
  node.inputs = {from};
  node.outputs = {id};
  graph.nodes[place].inputs[slot] = id;
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(place), std::move(node));
}

// Codes that a Clip has cut: the same clip of the reals, which the layer before takes in.
void spell_out_cuts(Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!is_quant(graph.nodes[i])) continue;
    const QuantNode quant = read_quant_node(graph.nodes[i]);
    graph.nodes[i].attributes.erase("low");
    graph.nodes[i].attributes.erase("high");
    const Grid grid = quant.spec.grid();
    Node clip;
    clip.op = "Clip";
    if (quant.low > grid.quant_min) {
      clip.attributes["min"] = dequantize(quant.low, quant.scale, quant.zero_point);
    }
    if (quant.high < grid.quant_max) {
      clip.attributes["max"] = dequantize(quant.high, quant.scale, quant.zero_point);
    }
    if (clip.attributes.empty()) continue;
    insert_before(graph, i, 0, std::move(clip), ".clip");
    ++i;
  }
}

// Quant, clamp, Quant onto the same grid: the first changes nothing.
void drop_quants_before_clamps(Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!clamp_of(graph.nodes[i])) continue;
    const std::int64_t before = graph.producer(graph.nodes[i].inputs[0]);
    const std::int64_t behind = sole_consumer(graph, graph.nodes[i].outputs[0]);
    if (before < 0 || behind < 0 || sole_consumer(graph, graph.nodes[i].inputs[0]) < 0) continue;
    const Node& first = graph.nodes[static_cast<std::size_t>(before)];
    const Node& second = graph.nodes[static_cast<std::size_t>(behind)];
    if (!is_quant(first) || !is_quant(second)) continue;
    const QuantNode grid = read_quant_node(first);
    if (grid.spec.grid().binary || grid != read_quant_node(second)) continue;
    graph.nodes[i].inputs[0] = first.inputs[0];
  }
  graph.remove_dead();
}

class Absorber {
 public:
  explicit Absorber(Graph& graph) : graph_(graph) {}

  void run() {
    hoist();
    for (ValueId id : graph_.inputs) place_at_input(id);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (is_quant(graph_.nodes[i])) {
        if (take_out(i)) --i;
        continue;
      }
      const std::vector<ValueId> outputs = graph_.nodes[i].outputs;
      if (pass_on(graph_.nodes[i])) continue;
      if (outputs.size() == 1) place(i, outputs[0]);
    }
    graph_.remove_dead();
    graph_.sort();
    graph_.verify();
  }

 private:
  // The grids that a value is rounded to, and whether it is read as it is too.
  struct Uses {
    std::vector<QuantNode> grids;
    bool plain = false;
  };

  Uses uses_of(ValueId id) const {
    Uses uses;
    uses.plain = graph_.is_output(id);
    for (std::size_t user : graph_.consumers(id)) {
      if (!is_quant(graph_.nodes[user])) {
        uses.plain = true;
        continue;
      }
      const QuantNode grid = read_quant_node(graph_.nodes[user]);
      if (std::find(uses.grids.begin(), uses.grids.end(), grid) == uses.grids.end()) {
        uses.grids.push_back(grid);
      }
    }
    return uses;
  }

  // Whether the value is on a grid already: rounded, or moved since.
  bool from_quant(ValueId id) const {
    for (;;) {
      const std::int64_t producer = graph_.producer(id);
      if (producer < 0) return false;
      const Node& node = graph_.nodes[static_cast<std::size_t>(producer)];
      if (is_quant(node)) return true;
      if (!moves_codes(node)) return false;
      id = node.inputs[0];
    }
  }

  bool moves_codes(const Node& node) const {
    const IntegerOp* op = find_integer_op(graph_, node);
    return op != nullptr && op->role == Role::kPassThrough && !no_integer_form(graph_, node);
  }

  // Backwards, so that a Quant goes in front of several movers in a row. A clamp that no layer took
  // in gives the same codes for reals that were rounded to its output's grid before.
  void hoist() {
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      const bool joins = graph_.nodes[i].op == "Concat";
      const bool clamps = clamp_of(graph_.nodes[i]).has_value();
      if (!joins && !clamps && !moves_codes(graph_.nodes[i])) continue;
      if (graph_.nodes[i].outputs.size() != 1) continue;
      const Uses uses = uses_of(graph_.nodes[i].outputs[0]);
      if (uses.plain || uses.grids.size() != 1) continue;
      if (clamps && uses.grids[0].spec.grid().binary) continue;
      const std::size_t reader = graph_.consumers(graph_.nodes[i].outputs[0])[0];
      const Node quant = graph_.nodes[reader];
      const std::size_t slots = joins ? graph_.nodes[i].inputs.size() : 1;
      std::size_t place = i;
      for (std::size_t slot = 0; slot < slots; ++slot) {
        const ValueId in = graph_.nodes[place].inputs[slot];
        if (from_quant(in) || graph_.value(in).constant) continue;
        insert_before(graph_, place, slot, quant, ".quant");
        ++place;
      }
    }
  }

  QuantizerId quantizer(const QuantNode& grid) {
    const QuantizationParameters parameters{{grid.scale}, {grid.zero_point}};
    for (std::size_t i = 0; i < graph_.quantizers.size(); ++i) {
      const Quantizer& known = graph_.quantizers[i];
      if (known.spec == grid.spec && known.parameters == parameters) {
        return static_cast<QuantizerId>(i);
      }
    }
    Quantizer made;
    made.spec = grid.spec;
    made.parameters = parameters;
    graph_.quantizers.push_back(std::move(made));
    return static_cast<QuantizerId>(graph_.quantizers.size() - 1);
  }

  void place_at_input(ValueId id) {
    const Uses uses = uses_of(id);
    if (uses.grids.empty()) return;
    if (uses.grids.size() > 1 || uses.plain) return copy_input(id, uses);
    graph_.value(id).quantizer = quantizer(uses.grids[0]);
  }

  // An input that others read as it is, or as other codes, is copied for each: an Identity rounds
  // it.
  void copy_input(ValueId id, const Uses& uses) {
    for (const QuantNode& grid : uses.grids) {
      Value copy = graph_.value(id);
      copy.name += ".quantized";
      copy.quantizer = quantizer(grid);
      Node rounds;
      rounds.name = free_node_name(graph_, graph_.value(id).name + ".quantize");
      rounds.op = "Identity";
      rounds.inputs = {id};
      rounds.outputs = {graph_.add_value(std::move(copy))};
      read_instead(id, grid, rounds.outputs[0]);
      graph_.nodes.insert(graph_.nodes.begin(), std::move(rounds));
    }
  }

  // Every Quant onto `grid` that reads `id` reads `copied`.
  void read_instead(ValueId id, const QuantNode& grid, ValueId copied) {
    for (std::size_t user : graph_.consumers(id)) {
      Node& node = graph_.nodes[user];
      if (is_quant(node) && read_quant_node(node) == grid) node.inputs[0] = copied;
    }
  }

  // Whether the node's output is codes because its input is.
  bool pass_on(const Node& node) {
    if (node.outputs.size() != 1 || node.inputs.empty()) return false;
    const QuantizerId first = graph_.value(node.inputs[0]).quantizer;
    if (first == kNoQuantizer || graph_.value(node.inputs[0]).constant) return false;
    const bool same = std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
      return id != kNoValue && graph_.value(id).quantizer == first;
    });
    const bool joins = node.op == "Concat" && same && uses_of(node.outputs[0]).grids.empty();
    if (!joins && !moves_codes(node)) return false;
    graph_.value(node.outputs[0]).quantizer = first;
    return true;
  }

  // Gives the output of node `i` its quantizer; further ones go to copies of the node.
  void place(std::size_t i, ValueId output) {
    const Uses uses = uses_of(output);
    for (std::size_t g = 0; g < uses.grids.size(); ++g) {
      const QuantizerId id = quantizer(uses.grids[g]);
      if (g == 0 && !uses.plain) {
        graph_.value(output).quantizer = id;
        continue;
      }
      Value copy = graph_.value(output);
      copy.name += ".quantized";
      copy.quantizer = id;
      const ValueId copied = graph_.add_value(std::move(copy));
      read_instead(output, uses.grids[g], copied);
      Node twin = graph_.nodes[i];
      twin.name = free_node_name(graph_, twin.name + ".quantized");
      twin.outputs = {copied};
      graph_.nodes.insert(graph_.nodes.begin() + static_cast<std::ptrdiff_t>(i), std::move(twin));
      ++i;
    }
  }

  // Returns whether Quant node `i` is gone.
  bool take_out(std::size_t i) {
    const ValueId in = graph_.nodes[i].inputs[0];
    const QuantizerId id = quantizer(read_quant_node(graph_.nodes[i]));
    if (graph_.value(in).quantizer == kNoQuantizer) {
      refuse_node(graph_.nodes[i], "rounds '" + graph_.value(in).name +
                                       "', which is no single value of the network");
    }
    if (graph_.value(in).quantizer == id && bypass(graph_, i)) return true;
    graph_.nodes[i].op = "Identity";
    graph_.nodes[i].attributes.clear();
    graph_.value(graph_.nodes[i].outputs[0]).quantizer = id;
    return false;
  }

  Graph& graph_;
};

}  // namespace

void prepare_quantized(Graph& graph, const IntegerConstants& integers) {
  spell_out_cuts(graph);
  drop_quants_before_clamps(graph);
  round_what_is_on_a_grid(graph);
  drop_repeated_quants(graph);
  join_affine_chains(graph);
  spell_out_batch_norms(graph);
  Recipe recipe;
  recipe.quantize = false;
  recipe.bn = BatchNormMode::kSeparate;
  prepare(graph, recipe);
  Absorber(graph).run();
  mark_groups(graph);
  finish_quantized_layers(graph, integers);
}

}  // namespace gradus
