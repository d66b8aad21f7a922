// What groups compute: their nodes run as constant folding runs them, on a few chosen numbers.
#include <algorithm>
#include <map>
#include <numeric>

#include "gradus/base/check.h"
#include "gradus/graph/fused.h"
#include "gradus/graph/ops/evaluation.h"
#include "gradus/prepare/attributes.h"
#include "gradus/prepare/groups.h"

namespace gradus {
namespace {

// Larger indices are no float.
constexpr std::int64_t kLargestMovement = 1 << 24;

bool only_reshapes(const Node& node) {
  return node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" ||
         node.op == "Unsqueeze";
}

// The group on one tensor; shape_of(id) is the shape of a value for it.
template <typename ShapeOf>
Tensor run_group(const Graph& graph, const Node& root, Tensor input, const ShapeOf& shape_of) {
  std::map<ValueId, Tensor> values;
  values.emplace(source_of(graph, root), std::move(input));
  for (const Node* node : group_of(graph, root)) {
    std::vector<const Tensor*> inputs;
    for (ValueId id : node->inputs) {
      if (id == kNoValue) {
        inputs.push_back(nullptr);
      } else if (const auto& constant = graph.value(id).constant) {
        inputs.push_back(&*constant);
      } else {
        inputs.push_back(&values.at(id));
      }
    }
    const ValueId out = node->outputs[0];
    const TensorType type{graph.value(out).dtype, shape_of(out)};
    Tensor result;
    if (only_reshapes(*node)) {
      result = *inputs[0];
      result.reshape(type.shape);
    } else {
      const GraphOp* op = find_graph_op(node->op);
      check(op != nullptr && op->evaluate != nullptr, "an operator of a group has a value");
      result = std::move(op->evaluate(*node, inputs, std::span(&type, 1)).at(0));
    }
    if (const Clamp clamp = fused_clamp(*node); clamp.any()) {
      for (float& x : result.as<float>()) x = std::clamp(x, clamp.min, clamp.max);
    }
    values.insert_or_assign(out, std::move(result));
  }
  return std::move(values.at(root.outputs[0]));
}

// 1, or the channels of the source where a constant has one number a channel.
std::int64_t tables_of(const Graph& graph, const Node& root) {
  std::int64_t tables = 1;
  for (const Node* node : group_of(graph, root)) {
    for (ValueId id : node->inputs) {
      const auto& constant = graph.value(id).constant;
      if (constant) tables = std::max(tables, constant->size());
    }
  }
  return tables;
}

struct Coordinates {
  std::int64_t channel = 0, row = 0, column = 0;
  std::int64_t number(const MapShape& in) const {
    return (channel * in.height + row) * in.width + column;
  }
  bool operator==(const Coordinates&) const = default;
};

Coordinates operator+(const Coordinates& a, const Coordinates& b) {
  return {a.channel + b.channel, a.row + b.row, a.column + b.column};
}
Coordinates operator-(const Coordinates& a, const Coordinates& b) {
  return {a.channel - b.channel, a.row - b.row, a.column - b.column};
}
Coordinates least(const std::vector<Coordinates>& list) {
  Coordinates least = list.at(0);
  for (const Coordinates& c : list) {
    least = {std::min(least.channel, c.channel), std::min(least.row, c.row),
             std::min(least.column, c.column)};
  }
  return least;
}

// The lists whose sums are `numbers`, elements of `in` in the shape `out`; empty if there are none.
class Separation {
 public:
  Separation(const std::vector<std::int64_t>& numbers, const MapShape& in, const MapShape& out)
      : numbers_(numbers), in_(in), out_(out) {}

  bool find(MovementMap* map) {
    for (std::int64_t c = 0; c < out_.channels; ++c) channels_.push_back(at(c, 0, 0));
    for (std::int64_t y = 0; y < out_.height; ++y) rows_.push_back(at(0, y, 0) - at(0, 0, 0));
    for (std::int64_t x = 0; x < out_.width; ++x) columns_.push_back(at(0, 0, x) - at(0, 0, 0));
    if (!adds_up()) return false;
    // Rows and columns from 0 on; what they were below it goes to the channels.
    const Coordinates row = least(rows_);
    const Coordinates column = least(columns_);
    for (auto& c : channels_) map->channels.push_back(narrow(c + row + column));
    for (auto& c : rows_) map->rows.push_back(narrow(c - row));
    for (auto& c : columns_) map->columns.push_back(narrow(c - column));
    return true;
  }

 private:
  Coordinates at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    const auto i = static_cast<std::size_t>((c * out_.height + y) * out_.width + x);
    const std::int64_t n = numbers_[i];
    return {n / in_.width / in_.height, n / in_.width % in_.height, n % in_.width};
  }
  bool adds_up() const {
    for (std::int64_t c = 0; c < out_.channels; ++c) {
      for (std::int64_t y = 0; y < out_.height; ++y) {
        for (std::int64_t x = 0; x < out_.width; ++x) {
          const auto sum = channels_[static_cast<std::size_t>(c)] +
                           rows_[static_cast<std::size_t>(y)] +
                           columns_[static_cast<std::size_t>(x)];
          if (!(sum == at(c, y, x))) return false;
        }
      }
    }
    return true;
  }
  std::int32_t narrow(const Coordinates& c) const {
    return static_cast<std::int32_t>(c.number(in_));
  }

  const std::vector<std::int64_t>& numbers_;
  const MapShape in_, out_;
  std::vector<Coordinates> channels_, rows_, columns_;
};

}  // namespace

std::vector<float> activation_results(const Graph& graph, const Node& root,
                                      std::span<const float> reals) {
  const std::size_t rank = known_shape(graph, root, source_of(graph, root)).size();
  const std::int64_t tables = tables_of(graph, root);
  const auto count = static_cast<std::int64_t>(reals.size());
  // The numbers along an axis that no constant has: the last, or the batch of a vector.
  Shape shape(rank, 1);
  shape[1] = tables;
  shape[rank == 2 ? 0 : rank - 1] = count;
  Tensor input(DType::kFloat32, shape);
  const bool by_code = rank == 2;
  const auto place = [&](std::int64_t table, std::int64_t i) {
    return static_cast<std::size_t>(by_code ? i * tables + table : table * count + i);
  };
  const auto given = input.as<float>();
  for (std::int64_t t = 0; t < tables; ++t) {
    for (std::int64_t i = 0; i < count; ++i)
      given[place(t, i)] = reals[static_cast<std::size_t>(i)];
  }
  const Tensor output = run_group(graph, root, std::move(input), [&](ValueId) { return shape; });
  std::vector<float> results;
  for (std::int64_t t = 0; t < tables; ++t) {
    for (std::int64_t i = 0; i < count; ++i) results.push_back(output.as<float>()[place(t, i)]);
  }
  return results;
}

MovementMap movement_map(const Graph& graph, const Node& root) {
  const auto one_image = [&](ValueId id) {
    Shape shape = known_shape(graph, root, id);
    if (shape.empty() || shape[0] != -1) {
      refuse_node(root, "moves the batch: '" + graph.value(id).name + "' is " + to_string(shape));
    }
    shape[0] = 1;
    return shape;
  };
  const Shape in_shape = one_image(source_of(graph, root));
  const MapShape in = map_shape_of(in_shape);
  const MapShape out = map_shape_of(one_image(root.outputs[0]));
  if (std::max(in.elements(), out.elements()) > kLargestMovement) {
    refuse_node(root, "moves more than " + std::to_string(kLargestMovement) + " elements an image");
  }
  Tensor input(DType::kFloat32, in_shape);
  const auto numbered = input.as<float>();
  for (std::size_t i = 0; i < numbered.size(); ++i) numbered[i] = static_cast<float>(i);
  const Tensor moved = run_group(graph, root, std::move(input), one_image);
  std::vector<std::int64_t> numbers;
  for (float number : moved.as<float>()) numbers.push_back(static_cast<std::int64_t>(number));
  MovementMap map;
  if (Separation(numbers, in, out).find(&map)) return map;
  map.flat = true;
  if (Separation(numbers, {in.elements(), 1, 1}, out).find(&map)) return map;
  refuse_node(root, "moves elements in a way that is no sum of rows, columns and channels");
}

}  // namespace gradus
