// What the files of qdq/ops/ share while a quantized network is read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/qdq/encoding.h"
#include "gradus/qdq/lift.h"

namespace gradus::qdq {

// A value that is codes. Either the real it is made from is still to be rounded, or it is on the
// grid.
struct Codes {
  ValueId source = kNoValue;
  Encoding encoding;           // scale is empty until it is known: of an input
  bool on_grid = false;        // source is real values on the grid already
  ValueId rounded = kNoValue;  // output of the Quant node, once there is one
};

class Lifter {
 public:
  explicit Lifter(Graph& graph);
  IntegerConstants run();

  const Graph& graph() const { return graph_; }
  bool is_codes(ValueId id) const { return id != kNoValue && codes_.contains(id); }
  // Whether the value is a constant with a quantizer, or of integers of at most 8 bits.
  bool is_constant(ValueId id) const {
    return id != kNoValue && graph_.value(id).constant.has_value();
  }

  // Scale and zero point from inputs `scale` and `scale + 1` of the node.
  // `otherwise` is the type of the codes where the zero point is left out.
  Encoding encoding(const Node& node, std::size_t scale, DType otherwise) const;
  // The same for the codes in input `codes`, whose type the zero point must have.
  Encoding encoding_of(const Node& node, std::size_t codes, std::size_t scale) const;

  // The reals that input `i` stands for, by `encoding`. Codes that the network computes must have
  // been made by the same encoding. A constant becomes a new one, of float, with its quantizer.
  ValueId real(const Node& node, std::size_t i, const Encoding& encoding);
  // The same with scale and zero point in inputs i + 1 and i + 2.
  ValueId real(const Node& node, std::size_t i);
  // A bias: int32 codes of input `i` with these scales, one or one a code.
  ValueId real_bias(const Node& node, std::size_t i, const std::vector<float>& scales);
  // The reals of codes that a node made, or of one given by the network's input.
  ValueId real_of(const Node& node, ValueId codes);
  // A constant of `codes` as reals with their quantizer. `shape` by copy: it may be that of a value
  // of the graph, and adding one moves them.
  ValueId real_constant(const Node& node, const std::string& name, Shape shape,
                        const std::vector<std::int32_t>& codes, const Encoding& encoding);

  // Output 0 of the node is `source`, rounded by `encoding`; per tensor only.
  void set_codes(const Node& node, ValueId source, const Encoding& encoding);
  // Output 0 of the node is codes on the grid of `encoding`, whose reals are `source`.
  void set_moved(const Node& node, ValueId source, const Encoding& encoding);
  const Codes& codes(ValueId id) const { return codes_.at(id); }
  // Output 0 of the node is the same as `value`.
  void set_alias(const Node& node, ValueId value);
  // Output 0 of the node is `source` rounded, as reals.
  void set_rounded(const Node& node, ValueId source, const Encoding& encoding);
  // The same onto -scale and +scale.
  void set_bipolar(const Node& node, ValueId source, const Encoding& encoding);
  // Output 0 of the node is the constant of rank 1 that these codes stand for.
  void set_integers(const Node& node, const std::vector<std::int32_t>& codes,
                    const std::vector<float>& scales);
  // Output 0 of the node is this constant; codes among it stay in `span`, if given.
  void set_constant(const Node& node, Tensor tensor, std::optional<CodeSpan> span = {});
  // The span that a constant of integers keeps to.
  CodeSpan span_of_constant(ValueId id) const;

  // Adds a float node in the place of `node`. Its output is a new value, or `output`.
  ValueId emit(const Node& node, const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes, ValueId output = kNoValue);
  // The node stays as it is.
  void keep(Node node);

  ValueId add_value(Value value);
  // A copy of a quantizer with a scale a channel, for a tensor transposed by `perm`.
  QuantizerId turn_axis(QuantizerId id, const std::vector<std::int64_t>& perm);

 private:
  void lift(Node& node);
  void lift_inputs();
  void lift_outputs();
  ValueId rounded(const Node& node, ValueId source, const Encoding& encoding, ValueId output);
  void require_one_scale(const Node& node, const Encoding& encoding) const;
  std::string node_name(const std::string& base);

  Graph& graph_;
  std::vector<Node> nodes_;
  std::unordered_map<ValueId, Codes> codes_;
  std::unordered_map<ValueId, CodeSpan> spans_;  // of constants that a Clip cut
  std::unordered_set<std::string> value_names_;
  std::unordered_set<std::string> node_names_;
  IntegerConstants integers_;
};

// Which nodes of its type a QuantizedOp is for.
enum class Where {
  kQuantized,  // all: the type belongs to quantized networks alone
  kOnCodes,    // those that read codes, or a constant that is quantized or of integers
  kAnywhere,   // all, though other networks have them too
};

struct QuantizedOp {
  std::string type;  // "QuantizeLinear", "com.microsoft:QLinearAdd"
  Where where = Where::kQuantized;
  void (*lift)(Lifter& lifter, const Node& node) = nullptr;
};

// Throws Error, naming the node: kUnsupported, kInvalidFile.
[[noreturn]] void refuse(const Node& node, const std::string& text);
[[noreturn]] void invalid(const Node& node, const std::string& text);

// The type of codes that is this number of ONNX's TensorProto.DataType; nothing for any other type.
std::optional<DType> code_type(std::int64_t number);
// A constant of any integer type of at most 32 bits as int32.
std::vector<std::int32_t> integers(const Tensor& tensor);
// Constant input `i`. Throws, if it is left out or computed at run time; `what` names it.
const Tensor& constant(const Graph& graph, const Node& node, std::size_t i, const char* what);
// A constant float32 input: finite, above zero.
std::vector<float> scales(const Graph& graph, const Node& node, std::size_t i);

}  // namespace gradus::qdq

namespace gradus {
using QuantizedOpFamily = std::vector<qdq::QuantizedOp>;
std::span<const QuantizedOpFamily> quantized_ops();
}  // namespace gradus
