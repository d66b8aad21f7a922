#include "gradus/graph/graph.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

template <typename T>
T attribute_or(const Node& node, const std::string& key, const T& otherwise) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return otherwise;
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  throw Error(ErrorCode::kInvalidFile, "node '" + node.name + "' (" + node.op + "): attribute '" +
                                           key + "' is of another type than the operator defines");
}

std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

bool contains(const std::vector<ValueId>& ids, ValueId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::int64_t Node::integer(const std::string& key, std::int64_t otherwise) const {
  return attribute_or<std::int64_t>(*this, key, otherwise);
}
float Node::real(const std::string& key, float otherwise) const {
  return attribute_or<float>(*this, key, otherwise);
}
std::string Node::text(const std::string& key, const std::string& otherwise) const {
  return attribute_or<std::string>(*this, key, otherwise);
}
std::vector<std::int64_t> Node::integers(const std::string& key,
                                         const std::vector<std::int64_t>& otherwise) const {
  return attribute_or<std::vector<std::int64_t>>(*this, key, otherwise);
}

const Value& Graph::value(ValueId id) const {
  check(id >= 0 && index(id) < values.size(), "value id out of range");
  return values[index(id)];
}

Value& Graph::value(ValueId id) { return const_cast<Value&>(std::as_const(*this).value(id)); }

ValueId Graph::find_value(const std::string& value_name) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].name == value_name) return static_cast<ValueId>(i);
  }
  throw Error(ErrorCode::kInvalidArgument,
              "graph '" + name + "' has no value named '" + value_name + "'");
}

void Graph::learn_names() {
  if (named_ > values.size()) {
    names_.clear();
    named_ = 0;
  }
  for (; named_ < values.size(); ++named_) names_.emplace(values[named_].name, 1);
}

ValueId Graph::add_value(Value value) {
  learn_names();
  if (const auto taken = names_.find(value.name); taken != names_.end()) {
    int& suffix = taken->second;
    std::string free;
    do {
      free = value.name + "_" + std::to_string(suffix++);
    } while (names_.contains(free));
    value.name = std::move(free);
  }
  names_.emplace(value.name, 1);
  values.push_back(std::move(value));
  named_ = values.size();
  return static_cast<ValueId>(values.size() - 1);
}

void Graph::rename(ValueId id, const std::string& to) {
  learn_names();
  names_.emplace(to, 1);
  value(id).name = to;
}

ValueId Graph::add_constant(const std::string& value_name, Tensor tensor) {
  Value value;
  value.name = value_name;
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  return add_value(std::move(value));
}

std::int64_t Graph::producer(ValueId id) const {
  if (id == kNoValue || value(id).constant) return -1;
  // Relaxed: a hint is believed only if the node agrees, so it may be of any age.
  std::atomic_ref<std::int64_t> hint(value(id).producer_hint);
  const auto agrees = [&](std::int64_t node) {
    return node >= 0 && static_cast<std::size_t>(node) < nodes.size() &&
           contains(nodes[static_cast<std::size_t>(node)].outputs, id);
  };
  if (const std::int64_t last = hint.load(std::memory_order_relaxed); agrees(last)) return last;
  if (contains(inputs, id)) return -1;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (ValueId output : nodes[i].outputs) {
      if (output == kNoValue) continue;
      std::atomic_ref<std::int64_t>(value(output).producer_hint)
          .store(static_cast<std::int64_t>(i), std::memory_order_relaxed);
    }
  }
  const std::int64_t found = hint.load(std::memory_order_relaxed);
  return agrees(found) ? found : -1;
}

std::vector<std::size_t> Graph::consumers(ValueId id) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (contains(nodes[i].inputs, id)) result.push_back(i);
  }
  return result;
}

bool Graph::is_output(ValueId id) const { return contains(outputs, id); }

void Graph::replace_uses(ValueId from, ValueId to) {
  for (auto& node : nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  std::replace(outputs.begin(), outputs.end(), from, to);
}

void Graph::remove_dead() {
  std::vector<bool> live(values.size(), false);
  for (ValueId id : outputs) live[index(id)] = true;
  std::vector<bool> keep(nodes.size(), false);
  for (std::size_t i = nodes.size(); i-- > 0;) {
    for (ValueId id : nodes[i].outputs) keep[i] = keep[i] || (id != kNoValue && live[index(id)]);
    if (!keep[i]) continue;
    for (ValueId id : nodes[i].inputs) {
      if (id != kNoValue) live[index(id)] = true;
    }
    for (ValueId id : nodes[i].outputs) {
      if (id != kNoValue) live[index(id)] = true;
    }
  }
  for (ValueId id : inputs) live[index(id)] = true;
  const auto all = [](const std::vector<bool>& list) {
    return std::find(list.begin(), list.end(), false) == list.end();
  };
  if (all(live) && all(keep)) return;

  std::vector<ValueId> renumbered(values.size(), kNoValue);
  std::vector<Value> kept_values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!live[i]) continue;
    renumbered[i] = static_cast<ValueId>(kept_values.size());
    kept_values.push_back(std::move(values[i]));
  }
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = id == kNoValue ? kNoValue : renumbered[index(id)];
  };
  std::vector<Node> kept_nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!keep[i]) continue;
    renumber(nodes[i].inputs);
    renumber(nodes[i].outputs);
    kept_nodes.push_back(std::move(nodes[i]));
  }
  renumber(inputs);
  renumber(outputs);
  values = std::move(kept_values);
  nodes = std::move(kept_nodes);
  names_.clear();
  named_ = 0;
}

void Graph::sort() {
  constexpr std::size_t kNoProducer = static_cast<std::size_t>(-1);
  std::vector<std::size_t> producer_of(values.size(), kNoProducer);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (ValueId id : nodes[i].outputs) {
      if (id != kNoValue) producer_of[index(id)] = i;
    }
  }
  const auto is_sorted = [&] {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (ValueId id : nodes[i].inputs) {
        const std::size_t before = id == kNoValue ? kNoProducer : producer_of[index(id)];
        if (before != kNoProducer && before >= i) return false;
      }
    }
    return true;
  };
  if (is_sorted()) return;
  std::vector<std::size_t> waiting_for(nodes.size(), 0);
  std::vector<std::vector<std::size_t>> users(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (ValueId id : nodes[i].inputs) {
      if (id == kNoValue || producer_of[index(id)] == kNoProducer) continue;
      users[producer_of[index(id)]].push_back(i);
      ++waiting_for[i];
    }
  }
  // The first node that is ready comes next: a graph that is sorted already stays as it is.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting_for[i] == 0) ready.push(i);
  }
  std::vector<Node> sorted;
  for (; !ready.empty();) {
    const std::size_t i = ready.top();
    ready.pop();
    sorted.push_back(std::move(nodes[i]));
    for (std::size_t user : users[i]) {
      if (--waiting_for[user] == 0) ready.push(user);
    }
  }
  if (sorted.size() < nodes.size()) {
    const auto stuck = std::find_if(waiting_for.begin(), waiting_for.end(),
                                    [](std::size_t count) { return count > 0; });
    const Node& node = nodes[static_cast<std::size_t>(stuck - waiting_for.begin())];
    throw Error(ErrorCode::kInvalidFile,
                "node '" + node.name + "' (" + node.op +
                    "): its inputs depend on its own output; expected a graph without cycles");
  }
  nodes = std::move(sorted);
}

void Graph::verify() const {
  std::unordered_set<std::string_view> value_names;
  value_names.reserve(values.size());
  for (const auto& value : values) {
    check(!value.name.empty() && value_names.insert(value.name).second,
          "value name empty or taken");
    check(value.quantizer == kNoQuantizer ||
              static_cast<std::size_t>(value.quantizer) < quantizers.size(),
          "quantizer id out of range");
  }
  std::vector<bool> produced(values.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i) produced[i] = values[i].constant.has_value();
  for (ValueId id : inputs) {
    check(id >= 0 && index(id) < values.size(), "input id out of range");
    produced[index(id)] = true;
  }
  std::unordered_set<std::string_view> node_names;
  node_names.reserve(nodes.size());
  for (const auto& node : nodes) {
    check(!node.name.empty() && node_names.insert(node.name).second, "node name empty or taken");
    for (ValueId id : node.inputs) {
      check(id == kNoValue || (id >= 0 && index(id) < values.size()), "node input id out of range");
      check(id == kNoValue || produced[index(id)], "node used before its input is produced");
    }
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      check(id >= 0 && index(id) < values.size(), "node output id out of range");
      check(!produced[index(id)], "value produced twice");
      produced[index(id)] = true;
    }
  }
  for (ValueId id : outputs) {
    check(id >= 0 && index(id) < values.size() && produced[index(id)], "graph output not produced");
  }
}

}  // namespace gradus
