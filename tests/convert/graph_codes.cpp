#include "tests/convert/graph_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "gradus/base/rng.h"
#include "gradus/graph/fused.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_linear.h"
#include "gradus/quant/integer_multiply.h"
#include "tests/convert/group_codes.h"

namespace gradus {
namespace {

struct Map {  // one image
  std::int64_t channels = 1, height = 1, width = 1;
  std::size_t at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    return static_cast<std::size_t>((c * height + y) * width + x);
  }
  std::size_t size() const { return static_cast<std::size_t>(channels * height * width); }
  std::size_t pixels() const { return static_cast<std::size_t>(height * width); }
};

Map map_of(const Value& value) {
  const Shape& shape = *value.shape;
  if (shape.size() == 4) return {shape[1], shape[2], shape[3]};
  return {shape[1], 1, shape.size() == 3 ? shape[2] : 1};
}

class Evaluator {
 public:
  Evaluator(const Graph& graph, Profile profile) : graph_(graph), profile_(profile) {}

  std::map<std::string, GraphTensor> run(std::span<const float> image) {
    const Value& input = graph_.value(graph_.inputs[0]);
    const ActivationQuantizer q = quantizer(graph_.inputs[0]);
    for (float x : image) {
      result_[input.name].codes.push_back(quantize(x, q.scale, q.zero_point, q.grid));
    }
    for (const Node& node : graph_.nodes) evaluate(node);
    for (const Node& node : graph_.nodes) {  // what stays inside a group
      if (node.attributes.contains("inner")) result_.erase(graph_.value(node.outputs[0]).name);
    }
    return std::move(result_);
  }

 private:
  const Quantizer* raw(ValueId id) const {
    const QuantizerId q = graph_.value(id).quantizer;
    return q == kNoQuantizer ? nullptr : &graph_.quantizers[static_cast<std::size_t>(q)];
  }
  ActivationQuantizer quantizer(ValueId id) const {
    const Quantizer* q = raw(id);
    return {q->spec.grid(), q->parameters.scale[0], q->parameters.zero_point[0]};
  }
  const std::vector<std::int32_t>& codes(ValueId id) const {
    return result_.at(graph_.value(id).name).codes;
  }
  GraphTensor& output(const Node& node) { return result_[graph_.value(node.outputs[0]).name]; }
  Map output_map(const Node& node) const { return map_of(graph_.value(node.outputs[0])); }
  Map input_map(const Node& node) const { return map_of(graph_.value(node.inputs[0])); }

  // From an accumulator worth `unit` to the node's output (numerics.md (10)-(16)).
  void put(const Node& node, std::int64_t acc, double unit, Clamp clamp) {
    const Quantizer* q = raw(node.outputs[0]);
    if (q == nullptr) {
      const float real =
          static_cast<float>(static_cast<std::int32_t>(acc)) * static_cast<float>(unit);
      output(node).reals.push_back(std::min(std::max(real, clamp.min), clamp.max));
      return;
    }
    const CodeRange range = clamped_codes(*q, clamp);
    const double units[] = {unit};
    const Requantizer requantizer =
        make_requantizer(profile_, units, q->parameters.scale[0], q->parameters.zero_point[0],
                         range.low, range.high);
    output(node).codes.push_back(requantizer(static_cast<std::int32_t>(acc), 0));
  }

  void evaluate(const Node& node) {
    if (node.op == "Conv" || node.op == "Gemm") return linear(node);
    if (is_pair(node)) return pair(node);
    if (node.op == "Concat") return concat(node);
    if (node.op == "MaxPool" || node.op == "AveragePool" || node.op == "GlobalAveragePool" ||
        node.op == "GlobalMaxPool") {
      return pool(node);
    }
    const bool alone = raw(node.inputs[0]) != nullptr && raw(node.outputs[0]) != nullptr;
    const bool clamp = node.op == "Relu" || node.op == "Clip";
    if (is_function(node.op) && !(clamp && alone)) return function(node);
    if (node.op == "Relu") return rescale(node, {0.0f, std::numeric_limits<float>::infinity()});
    if (node.op == "Clip") {
      return rescale(node, {node.real("min", Clamp{}.min), node.real("max", Clamp{}.max)});
    }
    if (node.op == "Flatten") {
      output(node) = result_.at(graph_.value(node.inputs[0]).name);
      return;
    }
    if (node.op == "Slice") return slice(node);
    if (node.op == "Pad") return pad(node);
    movement(node);
  }

  std::vector<float> constant(const Node& node, std::size_t i) const {
    if (node.input(i) == kNoValue) return {};
    const auto values = graph_.value(node.inputs[i]).constant->as<float>();
    return {values.begin(), values.end()};
  }

  void linear(const Node& node) {
    const Shape shape = graph_.value(node.inputs[1]).constant->shape();
    const bool conv = node.op == "Conv";
    const std::int64_t kh = conv ? shape[2] : 1;
    const std::int64_t kw = conv ? shape[3] : 1;
    const auto pads = node.integers("pads", {0, 0, 0, 0});
    const auto strides = node.integers("strides", {1, 1});
    const auto dilations = node.integers("dilations", {1, 1});
    const std::int64_t groups = node.integer("group", 1);
    const auto weights = constant(node, 1);
    const ChannelAffine affine =
        channel_affine(constant(node, 2), constant(node, 3), constant(node, 4), constant(node, 5),
                       constant(node, 6), node.real("bn_epsilon", 0));
    LinearLayer layer;
    layer.weights = weights;
    layer.channels = shape[0];
    layer.taps = shape[1] * kh * kw;
    layer.spec = raw(node.inputs[1])->spec;
    layer.parameters = raw(node.inputs[1])->parameters;
    layer.gain = affine.gain;
    layer.offset = affine.offset;
    const ActivationQuantizer in = quantizer(node.inputs[0]);
    const IntegerLinear integer = make_integer_linear(layer, in, node.name);
    const Map from = input_map(node);
    const Map to = output_map(node);
    const auto& x = codes(node.inputs[0]);
    for (std::int64_t o = 0; o < to.channels; ++o) {
      for (std::int64_t row = 0; row < to.height; ++row) {
        for (std::int64_t column = 0; column < to.width; ++column) {
          std::int64_t acc = integer.bias[static_cast<std::size_t>(o)];
          for (std::int64_t k = 0; k < layer.taps; ++k) {
            const std::int64_t c = o / (to.channels / groups) * shape[1] + k / (kh * kw);
            const std::int64_t iy = row * strides[0] + k / kw % kh * dilations[0] - pads[0];
            const std::int64_t ix = column * strides[1] + k % kw * dilations[1] - pads[1];
            if (iy < 0 || iy >= from.height || ix < 0 || ix >= from.width) continue;
            acc += std::int64_t{integer.codes[static_cast<std::size_t>(o * layer.taps + k)] -
                                integer.zero_point[static_cast<std::size_t>(o)]} *
                   (x[from.at(c, iy, ix)] - in.zero_point);
          }
          put(node, acc, integer.accumulator_scale[static_cast<std::size_t>(o)], fused_clamp(node));
        }
      }
    }
  }

  // Two tensors of codes, element by element.
  bool is_pair(const Node& node) const {
    return (node.op == "Add" || node.op == "Sub" || node.op == "Mul") &&
           raw(node.inputs[0]) != nullptr && raw(node.inputs[1]) != nullptr &&
           !node.attributes.contains("inner");
  }
  void pair(const Node& node) {
    const CodeRange range = clamped_codes(*raw(node.outputs[0]), fused_clamp(node));
    const ActivationQuantizer a = quantizer(node.inputs[0]);
    const ActivationQuantizer b = quantizer(node.inputs[1]);
    const ActivationQuantizer y = quantizer(node.outputs[0]);
    const IntegerAdd sum =
        make_integer_add(profile_, a, b, y, range.low, range.high, node.op == "Sub");
    const IntegerMultiply product = make_integer_multiply(profile_, a, b, y, range.low, range.high);
    const Map to = output_map(node);
    const auto code = [&](ValueId id, std::size_t i) {
      const Map from = map_of(graph_.value(id));
      return codes(id)[from.size() == to.size() ? i : i / to.pixels()];
    };
    for (std::size_t i = 0; i < to.size(); ++i) {
      const std::int32_t ca = code(node.inputs[0], i);
      const std::int32_t cb = code(node.inputs[1], i);
      output(node).codes.push_back(node.op == "Mul" ? product(ca, cb) : sum(ca, cb));
    }
  }

  // One number, then the clamp, then its code where it is one.
  void function(const Node& node) {
    const std::size_t count = output_map(node).size();
    const Clamp clamp = fused_clamp(node);
    const auto operand = [&](ValueId id, std::size_t i) {
      if (const auto& constant = graph_.value(id).constant) {
        const std::size_t channel = i / output_map(node).pixels();
        return constant->as<float>()[constant->size() == 1 ? 0 : channel];
      }
      const GraphTensor& x = result_.at(graph_.value(id).name);
      if (x.codes.empty()) return x.reals[i];
      const ActivationQuantizer q = quantizer(id);
      return dequantize(x.codes[i], q.scale, q.zero_point);
    };
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<float> operands;
      for (ValueId id : node.inputs) operands.push_back(operand(id, i));
      const float y = std::min(std::max(function_of(node, operands), clamp.min), clamp.max);
      if (raw(node.outputs[0]) == nullptr) {
        output(node).reals.push_back(y);
      } else {
        const ActivationQuantizer q = quantizer(node.outputs[0]);
        output(node).codes.push_back(quantize(y, q.scale, q.zero_point, q.grid));
      }
    }
  }

  void movement(const Node& node) {
    output(node).codes = moved(node, codes(node.inputs[0]), *graph_.value(node.inputs[0]).shape,
                               *graph_.value(node.outputs[0]).shape,
                               raw(node.inputs[0]) ? quantizer(node.inputs[0]).zero_point : 0);
  }

  void concat(const Node& node) {
    for (ValueId id : node.inputs) {
      const ActivationQuantizer q = quantizer(id);
      const auto& x = codes(id);
      if (q == quantizer(node.outputs[0])) {
        output(node).codes.insert(output(node).codes.end(), x.begin(), x.end());
        continue;
      }
      for (std::int32_t code : x) put(node, code - q.zero_point, double{q.scale}, Clamp{});
    }
  }

  void rescale(const Node& node, Clamp clamp) {
    const ActivationQuantizer q = quantizer(node.inputs[0]);
    for (std::int32_t code : codes(node.inputs[0])) {
      put(node, code - q.zero_point, double{q.scale}, clamp);
    }
  }

  void pool(const Node& node) {
    const Map from = input_map(node);
    const Map to = output_map(node);
    const auto kernel = node.integers("kernel_shape", {from.height, from.width});
    const auto strides = node.integers("strides", {1, 1});
    const auto pads = node.integers("pads", {0, 0, 0, 0});
    const bool average = node.op == "AveragePool" || node.op == "GlobalAveragePool";
    const auto dilations = node.integers("dilations", {1, 1});
    const bool all = node.integer("count_include_pad", 0) != 0;
    const ActivationQuantizer q = quantizer(node.inputs[0]);
    const auto& x = codes(node.inputs[0]);
    for (std::int64_t c = 0; c < to.channels; ++c) {
      for (std::int64_t row = 0; row < to.height; ++row) {
        for (std::int64_t column = 0; column < to.width; ++column) {
          std::int64_t sum = 0;
          std::int64_t count = 0;
          std::int32_t largest = q.grid.quant_min;
          for (std::int64_t k = 0; k < kernel[0] * kernel[1]; ++k) {
            const std::int64_t iy = row * strides[0] + k / kernel[1] * dilations[0] - pads[0];
            const std::int64_t ix = column * strides[1] + k % kernel[1] * dilations[1] - pads[1];
            if (iy < 0 || iy >= from.height || ix < 0 || ix >= from.width) continue;
            ++count;
            sum += x[from.at(c, iy, ix)] - q.zero_point;
            largest = std::max(largest, x[from.at(c, iy, ix)]);
          }
          if (all) count = kernel[0] * kernel[1];
          if (average) {
            put(node, sum, double{q.scale} / static_cast<double>(count), Clamp{});
          } else {
            output(node).codes.push_back(largest);
          }
        }
      }
    }
  }

  void slice(const Node& node) {
    const Map from = input_map(node);
    const Map to = output_map(node);
    std::int64_t begin[4] = {0, 0, 0, 0};
    std::int64_t step[4] = {1, 1, 1, 1};
    const auto axes = node.integers("axes", {});
    for (std::size_t i = 0; i < axes.size(); ++i) {
      begin[axes[i]] = node.integers("starts", {})[i];
      step[axes[i]] = node.integers("steps", {})[i];
    }
    for (std::int64_t c = 0; c < to.channels; ++c) {
      for (std::int64_t y = 0; y < to.height; ++y) {
        for (std::int64_t x = 0; x < to.width; ++x) {
          output(node).codes.push_back(codes(node.inputs[0])[from.at(
              begin[1] + c * step[1], begin[2] + y * step[2], begin[3] + x * step[3])]);
        }
      }
    }
  }

  void pad(const Node& node) {
    const Map from = input_map(node);
    const Map to = output_map(node);
    const auto pads = node.integers("pads", {});
    output(node).codes.assign(to.size(), quantizer(node.inputs[0]).zero_point);
    for (std::int64_t c = 0; c < from.channels; ++c) {
      for (std::int64_t y = 0; y < from.height; ++y) {
        for (std::int64_t x = 0; x < from.width; ++x) {
          output(node).codes[to.at(c + pads[1], y + pads[2], x + pads[3])] =
              codes(node.inputs[0])[from.at(c, y, x)];
        }
      }
    }
  }

  const Graph& graph_;
  Profile profile_;
  std::map<std::string, GraphTensor> result_;
};

void calibrate_weights(Quantizer& quantizer, const Tensor& weights) {
  const auto all = weights.as<float>();
  const std::size_t channels =
      quantizer.spec.per_channel ? static_cast<std::size_t>(weights.shape()[0]) : 1;
  const std::size_t taps = all.size() / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto row = all.subspan(c * taps, taps);
    float scale = binary_scale(row);
    std::int32_t zero_point = 0;
    if (!quantizer.spec.grid().binary) {
      const auto [low, high] = std::minmax_element(row.begin(), row.end());
      choose_parameters(*low, *high, quantizer.spec, &scale, &zero_point);
    }
    quantizer.parameters.scale.push_back(scale);
    quantizer.parameters.zero_point.push_back(zero_point);
  }
}

}  // namespace

std::map<std::string, GraphTensor> graph_codes(const Graph& graph, Profile profile,
                                               std::span<const float> image) {
  return Evaluator(graph, profile).run(image);
}

void calibrate_at_random(Graph& graph, std::uint64_t seed) {
  Rng rng(seed);
  for (const Value& value : graph.values) {
    if (value.quantizer == kNoQuantizer) continue;
    Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(value.quantizer)];
    if (!quantizer.parameters.scale.empty()) continue;
    if (value.constant) {
      calibrate_weights(quantizer, *value.constant);
      continue;
    }
    float scale = 0.0f;
    std::int32_t zero_point = 0;
    if (quantizer.spec.symmetric) quantizer.spec.is_signed = true;
    const float low = rng.below(2) == 0 ? 0.0f : rng.uniform(-2.0f, -0.5f);
    choose_parameters(low, rng.uniform(1.0f, 3.0f), quantizer.spec, &scale, &zero_point);
    quantizer.parameters = {{scale}, {zero_point}};
  }
}

}  // namespace gradus
