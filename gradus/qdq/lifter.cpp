#include "gradus/qdq/lifter.h"

#include <algorithm>
#include <utility>

#include "gradus/base/check.h"

namespace gradus::qdq {
namespace {

std::string number_text(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return text;
}

}  // namespace

Lifter::Lifter(Graph& graph) : graph_(graph) {
  for (const Value& value : graph.values) value_names_.insert(value.name);
  for (const Node& node : graph.nodes) node_names_.insert(node.name);
}

ValueId Lifter::add_value(Value value) {
  const std::string base = value.name;
  for (int suffix = 1; !value_names_.insert(value.name).second; ++suffix) {
    value.name = base + "_" + std::to_string(suffix);
  }
  graph_.values.push_back(std::move(value));
  return static_cast<ValueId>(graph_.values.size() - 1);
}

std::string Lifter::node_name(const std::string& base) {
  std::string name = base;
  for (int suffix = 1; !node_names_.insert(name).second; ++suffix) {
    name = base + "_" + std::to_string(suffix);
  }
  return name;
}

ValueId Lifter::emit(const Node& node, const std::string& op, std::vector<ValueId> inputs,
                     std::map<std::string, Attribute> attributes, ValueId output) {
  Node made;
  // What takes the node's place has its name; what is added to that has a suffix.
  const bool added = op == "Quant" || op == "Identity";
  made.name = node_name(added ? node.name + "." + op : node.name);
  made.op = op;
  made.inputs = std::move(inputs);
  made.attributes = std::move(attributes);
  if (output == kNoValue) {
    Value value;
    value.name = graph_.value(node.outputs.at(0)).name + "." + op;
    output = add_value(std::move(value));
  }
  made.outputs = {output};
  nodes_.push_back(std::move(made));
  return output;
}

void Lifter::require_one_scale(const Node& node, const Encoding& encoding) const {
  if (encoding.scale.size() == 1) return;
  refuse(node, "has " + std::to_string(encoding.scale.size()) +
                   " scales for values that the network computes; expected one a tensor");
}

ValueId Lifter::rounded(const Node& node, ValueId source, const Encoding& encoding,
                        ValueId output) {
  require_one_scale(node, encoding);
  auto spec = spec_of(encoding.span, encoding.zero_point);
  const bool cut = !spec;
  if (cut) spec = spec_of(encoding.whole, encoding.zero_point);
  if (!spec) {
    refuse(node, "has zero point " + std::to_string(encoding.zero_point[0]) +
                     " outside its codes, " + span_text(encoding.whole));
  }
  std::map<std::string, Attribute> attributes = {
      {"bits", std::int64_t{spec->bits}},
      {"signed", std::int64_t{spec->is_signed}},
      {"narrow", std::int64_t{spec->narrow_range}},
      {"scale", encoding.scale[0]},
      {"zero_point", std::int64_t{encoding.zero_point[0]}}};
  if (cut) {
    attributes["low"] = std::int64_t{encoding.span.low};
    attributes["high"] = std::int64_t{encoding.span.high};
  }
  return emit(node, "Quant", {source}, std::move(attributes), output);
}

ValueId Lifter::real_of(const Node& node, ValueId id) {
  Codes& codes = codes_.at(id);
  if (codes.on_grid) return codes.source;
  if (codes.encoding.scale.empty()) {
    refuse(node, "reads the codes of input '" + graph_.value(id).name +
                     "', whose scale nothing gives; expected DequantizeLinear first");
  }
  if (codes.rounded == kNoValue) {
    const ValueId made = rounded(node, codes.source, codes.encoding, kNoValue);
    codes_.at(id).rounded = made;
  }
  return codes_.at(id).rounded;
}

ValueId Lifter::real(const Node& node, std::size_t i) {
  return real(node, i, encoding_of(node, i, i + 1));
}

ValueId Lifter::real(const Node& node, std::size_t i, const Encoding& encoding) {
  const ValueId id = node.input(i);
  if (id == kNoValue) invalid(node, "input " + std::to_string(i) + " is left out");
  const std::string name = graph_.value(id).name;
  if (const auto& tensor = graph_.value(id).constant) {
    if (!span_of(tensor->dtype())) {
      refuse(node, std::string("'") + name + "' is " + dtype_name(tensor->dtype()) +
                       "; expected integers of 2, 4 or 8 bits");
    }
    Encoding cut = encoding;
    cut.span = span_of_constant(id);
    return real_constant(node, name, tensor->shape(), integers(*tensor), cut);
  }
  const auto found = codes_.find(id);
  if (found == codes_.end()) {
    refuse(node, "'" + name + "' is not the output of QuantizeLinear or its kin; expected codes");
  }
  Encoding& own = found->second.encoding;
  if (own.scale.empty()) {
    own.scale = encoding.scale;
    own.zero_point = encoding.zero_point;
  }
  if (own.scale != encoding.scale || own.zero_point != encoding.zero_point) {
    refuse(node, "reads '" + name + "' with scale " + number_text(encoding.scale[0]) +
                     " and zero point " + std::to_string(encoding.zero_point[0]) +
                     ", which was made with " + number_text(own.scale[0]) + " and " +
                     std::to_string(own.zero_point[0]) + "; expected the same");
  }
  return real_of(node, id);
}

void Lifter::set_codes(const Node& node, ValueId source, const Encoding& encoding) {
  codes_[node.outputs.at(0)] = {source, encoding, false, kNoValue};
}

void Lifter::set_moved(const Node& node, ValueId source, const Encoding& encoding) {
  codes_[node.outputs.at(0)] = {source, encoding, true, kNoValue};
}

void Lifter::set_rounded(const Node& node, ValueId source, const Encoding& encoding) {
  rounded(node, source, encoding, node.outputs.at(0));
}

void Lifter::set_bipolar(const Node& node, ValueId source, const Encoding& encoding) {
  require_one_scale(node, encoding);
  emit(node, "Quant", {source},
       {{"bits", std::int64_t{1}},
        {"signed", std::int64_t{1}},
        {"narrow", std::int64_t{0}},
        {"scale", encoding.scale[0]},
        {"zero_point", std::int64_t{0}}},
       node.outputs.at(0));
}

void Lifter::set_alias(const Node& node, ValueId value) {
  const ValueId output = node.outputs.at(0);
  if (!graph_.value(value).constant) {
    emit(node, "Identity", {value}, {}, output);
    return;
  }
  // A copy of the constant, not an Identity of it, keeps its quantizer.
  const std::string name = graph_.value(output).name;
  const auto found = integers_.find(graph_.value(value).name);
  if (found != integers_.end()) integers_[name] = found->second;
  if (const auto span = spans_.find(value); span != spans_.end()) spans_[output] = span->second;
  graph_.value(output) = graph_.value(value);
  graph_.value(output).name = name;
}

void Lifter::keep(Node node) {
  node_names_.insert(node.name);
  nodes_.push_back(std::move(node));
}

void Lifter::lift(Node& node) {
  node_names_.erase(node.name);  // free for what takes its place
  const auto quantized = [&](ValueId id) {
    if (id == kNoValue) return false;
    const Value& value = graph_.value(id);
    return is_codes(id) ||
           (value.constant && (value.quantizer != kNoQuantizer || span_of(value.dtype)));
  };
  const bool touched = std::any_of(node.inputs.begin(), node.inputs.end(), quantized);
  for (const QuantizedOpFamily& family : quantized_ops()) {
    for (const QuantizedOp& op : family) {
      if (op.type != node.op || (op.where == Where::kOnCodes && !touched)) continue;
      if (node.outputs.empty() || node.outputs[0] == kNoValue) invalid(node, "has no output");
      const bool several = std::any_of(node.outputs.begin() + 1, node.outputs.end(),
                                       [](ValueId id) { return id != kNoValue; });
      if (several && op.where == Where::kQuantized)
        invalid(node, "has several outputs; expected one");
      op.lift(*this, node);
      return;
    }
  }
  for (ValueId id : node.inputs) {
    if (!is_codes(id)) continue;
    refuse(node, "computes with the codes of '" + graph_.value(id).name +
                     "'; expected DequantizeLinear before it");
  }
  keep(std::move(node));
}

void Lifter::lift_inputs() {
  for (ValueId id : graph_.inputs) {
    Value& value = graph_.value(id);
    const auto span = span_of(value.dtype);
    if (!span) continue;
    value.dtype = DType::kFloat32;
    codes_[id] = {id, {*span, *span, {}, {}, 0}, false, kNoValue};
  }
}

void Lifter::lift_outputs() {
  for (ValueId id : graph_.outputs) {
    if (!is_codes(id)) continue;
    Node end;
    end.name = graph_.value(id).name;
    end.op = "output";
    end.outputs = {id};
    // An input that is also an output keeps its name.
    if (codes_.at(id).source == id) {
      refuse(end, "an input of codes is an output too; expected something computed");
    }
    const ValueId real = real_of(end, id);
    emit(end, "Identity", {real}, {}, id);
  }
}

IntegerConstants Lifter::run() {
  graph_.sort();
  std::vector<Node> pending = std::move(graph_.nodes);
  graph_.nodes.clear();
  lift_inputs();
  for (Node& node : pending) lift(node);
  lift_outputs();
  graph_.nodes = std::move(nodes_);
  return std::move(integers_);
}

}  // namespace gradus::qdq
