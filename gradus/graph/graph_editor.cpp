#include "gradus/graph/graph_editor.h"

#include <algorithm>
#include <utility>

namespace gradus {

GraphEditor::GraphEditor(Graph& graph)
    : graph_(graph), uses_(graph.values.size()), removed_(graph.nodes.size(), false) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (ValueId id : graph.nodes[i].inputs) {
      if (id == kNoValue) continue;
      ++uses(id).reads;
      uses(id).readers.push_back(i);
    }
    for (ValueId id : graph.nodes[i].outputs) {
      if (id != kNoValue) uses(id).producer = static_cast<std::int64_t>(i);
    }
  }
  for (ValueId id : graph.outputs) uses(id).output = true;
}

GraphEditor::Uses& GraphEditor::uses(ValueId id) {
  const auto i = static_cast<std::size_t>(id);
  if (i >= uses_.size()) uses_.resize(graph_.values.size());
  return uses_.at(i);
}

const GraphEditor::Uses* GraphEditor::find(ValueId id) const {
  const auto i = static_cast<std::size_t>(id);
  return id != kNoValue && i < uses_.size() ? &uses_[i] : nullptr;
}

bool GraphEditor::reads(std::size_t node, ValueId id) const {
  const auto& inputs = graph_.nodes[node].inputs;
  return !removed_[node] && std::find(inputs.begin(), inputs.end(), id) != inputs.end();
}

std::int64_t GraphEditor::producer(ValueId id) const {
  const Uses* found = find(id);
  return found == nullptr ? -1 : found->producer;
}

bool GraphEditor::is_output(ValueId id) const {
  const Uses* found = find(id);
  return found != nullptr && found->output;
}

std::vector<std::size_t> GraphEditor::consumers(ValueId id) const {
  const Uses* found = find(id);
  if (found == nullptr) return {};
  std::vector<std::size_t> list;
  for (std::size_t node : found->readers) {
    if (reads(node, id)) list.push_back(node);
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

std::int64_t GraphEditor::sole_consumer(ValueId id) const {
  const Uses* found = find(id);
  if (found == nullptr || found->output || found->reads != 1) return -1;
  const auto reader = std::find_if(found->readers.rbegin(), found->readers.rend(),
                                   [&](std::size_t node) { return reads(node, id); });
  return reader == found->readers.rend() ? -1 : static_cast<std::int64_t>(*reader);
}

void GraphEditor::set_input(std::size_t node, std::size_t slot, ValueId id) {
  ValueId& input = graph_.nodes[node].inputs.at(slot);
  if (input != kNoValue) --uses(input).reads;
  input = id;
  if (id == kNoValue) return;
  ++uses(id).reads;
  uses(id).readers.push_back(node);
}

void GraphEditor::remove(std::size_t node) {
  removed_[node] = true;
  for (ValueId id : graph_.nodes[node].inputs) {
    if (id != kNoValue) --uses(id).reads;
  }
  for (ValueId id : graph_.nodes[node].outputs) {
    if (id != kNoValue && uses(id).producer == static_cast<std::int64_t>(node)) {
      uses(id).producer = -1;
    }
  }
}

bool GraphEditor::bypass(std::size_t node) {
  const ValueId from = graph_.nodes[node].outputs[0];
  const ValueId to = graph_.nodes[node].inputs[0];
  if (is_output(from)) {
    if (is_output(to) || producer(to) < 0) return false;
    std::swap(graph_.value(from).name, graph_.value(to).name);
    std::replace(graph_.outputs.begin(), graph_.outputs.end(), from, to);
    uses(from).output = false;
    uses(to).output = true;
  }
  for (std::size_t user : consumers(from)) {
    for (std::size_t slot = 0; slot < graph_.nodes[user].inputs.size(); ++slot) {
      if (graph_.nodes[user].inputs[slot] == from) set_input(user, slot, to);
    }
  }
  remove(node);
  return true;
}

void GraphEditor::absorb(std::size_t producer, std::size_t node) {
  const ValueId made = graph_.nodes[node].outputs[0];
  uses(graph_.nodes[producer].outputs[0]).producer = -1;
  remove(node);
  graph_.nodes[producer].outputs[0] = made;
  uses(made).producer = static_cast<std::int64_t>(producer);
}

void GraphEditor::finish() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (removed_[i]) continue;
    if (kept != i) graph_.nodes[kept] = std::move(graph_.nodes[i]);
    ++kept;
  }
  graph_.nodes.resize(kept);
}

}  // namespace gradus
