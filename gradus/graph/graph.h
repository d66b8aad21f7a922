// The graph: a network as values and nodes, in ONNX's operator vocabulary. Importer, zoo, passes,
// training and conversion all speak it. Values are addressed by index; nodes are kept in an order
// in which every input is produced before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "gradus/base/shape.h"
#include "gradus/graph/tensor.h"
#include "gradus/quant/quantizer.h"

namespace gradus {

using ValueId = std::int32_t;     // index into Graph::values
constexpr ValueId kNoValue = -1;  // an optional input that is left out

// One quantizer; several values may share it (an input and output of MaxPool, the inputs of
// Concat).
struct Quantizer {
  QuantizerSpec spec;
  std::string estimator = "ste";                   // how its gradient is computed in training
  std::string observer = "moving_average_minmax";  // how its range is found
  float averaging_constant = 0.01f;                // of observers that average, (0, 1]
  float percentile = 99.99f;                       // of observer percentile, (50, 100]
  float given_min = 0.0f, given_max = 0.0f;        // of observer given
  QuantizationParameters parameters;               // empty until calibrated
};
using QuantizerId = std::int32_t;  // index into Graph::quantizers
constexpr QuantizerId kNoQuantizer = -1;

struct Value {
  std::string name;  // unique in the graph
  DType dtype = DType::kFloat32;
  std::optional<Shape> shape;               // -1 for the batch; empty while rank is unknown
  std::optional<Tensor> constant;           // an initializer: weights, or a folded constant
  QuantizerId quantizer = kNoQuantizer;     // materialised as codes of this quantizer
  mutable std::int64_t producer_hint = -1;  // where Graph::producer found it last
};

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, Tensor>;

struct Node {
  std::string name;             // unique, never empty
  std::string op;               // "Conv", "Relu", ...
  std::vector<ValueId> inputs;  // kNoValue where an optional input is left out
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;

  // The attribute, or `otherwise` if absent. Throws Error (kInvalidFile) naming the node if it is
  // of another type.
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  float real(const std::string& key, float otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<std::int64_t> integers(const std::string& key,
                                     const std::vector<std::int64_t>& otherwise) const;
  // inputs[i], or kNoValue past the end.
  ValueId input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
};

class Graph {
 public:
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<Quantizer> quantizers;
  std::vector<ValueId> inputs;  // without initializers
  std::vector<ValueId> outputs;

  const Value& value(ValueId id) const;
  Value& value(ValueId id);
  // Throws Error (kInvalidArgument) if no value has that name.
  ValueId find_value(const std::string& value_name) const;

  // Adds a value; a taken name gets a suffix. Names that values have lost count as taken.
  ValueId add_value(Value value);
  // `to` must be free. What add_value knows of names holds for those that were given here or came
  // with new values: elsewhere two values may swap their names, no more.
  void rename(ValueId id, const std::string& to);
  ValueId add_constant(const std::string& value_name, Tensor tensor);

  // Index of the node that produces `id`, or -1 for inputs, constants and kNoValue. O(1) while
  // nodes stay where they are, O(nodes) after they moved.
  std::int64_t producer(ValueId id) const;
  // Indices of the nodes that use `id`. O(nodes): a pass that asks for many has a GraphEditor.
  std::vector<std::size_t> consumers(ValueId id) const;
  bool is_output(ValueId id) const;
  // Every use of `from`, graph outputs included, becomes `to`.
  void replace_uses(ValueId from, ValueId to);
  // Removes nodes none of whose outputs reach a graph output, and values that nothing mentions.
  void remove_dead();
  // Reorders nodes so that producers come first. Throws Error (kInvalidFile) on a cycle.
  void sort();

  // Throws LogicError if an index is out of range, a name is taken twice, or the order is wrong.
  void verify() const;

 private:
  void learn_names();

  std::unordered_map<std::string, int> names_;  // taken, each with the suffix to try next
  std::size_t named_ = 0;                       // how many of `values` are in it
};

}  // namespace gradus
