#include "gradus/graph/graph_editor.h"

#include <gtest/gtest.h>

#include "gradus/base/rng.h"
#include "tests/graph/small_graphs.h"

namespace gradus {
namespace {

using testing_support::OnnxGraph;

// What the editor says of every value is what the graph says once the removed nodes are out of it.
void expect_agrees(const GraphEditor& editor, const Graph& edited) {
  Graph graph = edited;
  std::vector<std::int64_t> moved(edited.nodes.size(), -1);
  graph.nodes.clear();
  for (std::size_t i = 0; i < edited.nodes.size(); ++i) {
    if (editor.removed(i)) continue;
    moved[i] = std::ssize(graph.nodes);
    graph.nodes.push_back(edited.nodes[i]);
  }
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const auto id = static_cast<ValueId>(v);
    const std::int64_t producer = editor.producer(id);
    EXPECT_EQ(producer < 0 ? -1 : moved[static_cast<std::size_t>(producer)], graph.producer(id));
    EXPECT_EQ(editor.is_output(id), graph.is_output(id));
    std::vector<std::size_t> users;
    std::size_t reads = 0;
    for (std::size_t user : editor.consumers(id)) {
      users.push_back(static_cast<std::size_t>(moved[user]));
      for (ValueId input : edited.nodes[user].inputs) reads += input == id;
    }
    EXPECT_EQ(users, graph.consumers(id));
    const bool sole = users.size() == 1 && reads == 1 && !graph.is_output(id);
    EXPECT_EQ(editor.sole_consumer(id) >= 0, sole);
    if (sole) {
      EXPECT_EQ(editor.consumers(id)[0], static_cast<std::size_t>(editor.sole_consumer(id)));
    }
  }
}

Graph random_graph(Rng& rng) {
  OnnxGraph g({-1, 4});
  std::vector<ValueId> made = {g.x};
  const auto any = [&] { return made[rng.below(made.size())]; };
  for (int i = 0; i < 12; ++i) {
    made.push_back(rng.below(2) == 0 ? g.add("Relu", {any()}) : g.add("Add", {any(), any()}));
  }
  g.graph.outputs = {made.back(), any()};
  if (g.graph.outputs[0] == g.graph.outputs[1]) g.graph.outputs.pop_back();
  return g.graph;
}

TEST(GraphEditor, KnowsWhatTheGraphKnowsAfterEveryChange) {
  Rng rng(11);
  int bypassed = 0, absorbed = 0;
  for (int round = 0; round < 200; ++round) {
    Graph graph = random_graph(rng);
    GraphEditor editor(graph);
    expect_agrees(editor, graph);
    for (int step = 0; step < 6; ++step) {
      const auto i = static_cast<std::size_t>(rng.below(graph.nodes.size()));
      if (editor.removed(i)) continue;
      const ValueId in = graph.nodes[i].inputs[0];
      const std::int64_t before = editor.producer(in);
      switch (rng.below(3)) {
        case 0:
          if (graph.nodes[i].op == "Relu") bypassed += editor.bypass(i);
          break;
        case 1:
          if (graph.nodes[i].op == "Relu" && before >= 0 && editor.sole_consumer(in) >= 0) {
            editor.absorb(static_cast<std::size_t>(before), i);
            ++absorbed;
          }
          break;
        default:
          editor.set_input(i, graph.nodes[i].inputs.size() - 1, graph.inputs[0]);
      }
      expect_agrees(editor, graph);
    }
    editor.finish();
    graph.verify();
  }
  EXPECT_GT(bypassed, 50);
  EXPECT_GT(absorbed, 20);
}

TEST(GraphEditor, KeepsTheNamesOfTheOutputsWhenANodeIsBypassed) {
  OnnxGraph g({-1, 4});
  const ValueId a = g.add("Relu", {g.x});
  const ValueId b = g.add("Identity", {a});
  g.graph.outputs = {b};
  const std::string name = g.graph.value(b).name;
  GraphEditor editor(g.graph);
  EXPECT_TRUE(editor.bypass(1));
  editor.finish();
  EXPECT_EQ(g.graph.nodes.size(), 1u);
  EXPECT_EQ(g.graph.outputs, (std::vector<ValueId>{a}));
  EXPECT_EQ(g.graph.value(a).name, name);
}

TEST(GraphEditor, LeavesANodeThatNamesAnInputAnOutput) {
  OnnxGraph g({-1, 4});
  g.graph.outputs = {g.add("Identity", {g.x})};
  GraphEditor editor(g.graph);
  EXPECT_FALSE(editor.bypass(0));
  editor.finish();
  EXPECT_EQ(g.graph.nodes.size(), 1u);
}

TEST(GraphEditor, KnowsValuesThatWereAddedSince) {
  OnnxGraph g({-1, 4});
  g.graph.outputs = {g.add("Relu", {g.x})};
  GraphEditor editor(g.graph);
  Value value;
  value.name = "later";
  const ValueId later = g.graph.add_value(std::move(value));
  EXPECT_EQ(editor.producer(later), -1);
  EXPECT_EQ(editor.sole_consumer(later), -1);
  EXPECT_TRUE(editor.consumers(later).empty());
  editor.set_input(0, 0, later);
  EXPECT_EQ(editor.sole_consumer(later), 0);
  EXPECT_EQ(editor.sole_consumer(g.x), -1);
}

}  // namespace
}  // namespace gradus
