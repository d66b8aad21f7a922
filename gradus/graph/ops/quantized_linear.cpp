// Convolutions and matrix products of codes: the exact sum, and for QLinear its requantization
//   saturate(round_half_even(float(sum) * (x_scale * w_scale / y_scale)) + y_zero_point)
// with factor and product in float32.
#include <algorithm>

#include "gradus/floatops/cells.h"
#include "gradus/floatops/pool.h"
#include "gradus/graph/ops/quantization.h"
#include "gradus/graph/ops/window.h"

namespace gradus {
namespace {

using ops::Codes;

bool is_requantized(const Node& node) { return node.op[0] == 'Q'; }

// Where an operator has its inputs.
struct Places {
  std::size_t x, w, x_zero, w_zero;
  std::size_t x_scale = 0, w_scale = 0, y_scale = 0, y_zero = 0, bias = 0;
};
Places places(const Node& node) {
  if (!is_requantized(node)) return {.x = 0, .w = 1, .x_zero = 2, .w_zero = 3};
  return {.x = 0,
          .w = 3,
          .x_zero = 2,
          .w_zero = 5,
          .x_scale = 1,
          .w_scale = 4,
          .y_scale = 6,
          .y_zero = 7,
          .bias = 8};
}

// Throws unless the input, where given, is codes of 8 bits.
void require_codes(const Graph& graph, const Node& node, std::size_t i) {
  if (node.input(i) == kNoValue) return;
  const DType dtype = ops::input_dtype(graph, node, i);
  if (dtype != DType::kInt8 && dtype != DType::kUint8) {
    ops::refuse(node, "its input " + std::to_string(i) + " is " + dtype_name(dtype) +
                          "; expected int8 or uint8");
  }
}

// One number, or one for each of `size`.
void require_list(const Graph& graph, const Node& node, std::size_t i, std::int64_t size) {
  if (node.input(i) == kNoValue) return;
  const Shape& shape = ops::input_shape(graph, node, i);
  const auto count = element_count(shape);
  if (count != 1 && !(shape.size() == 1 && count == size)) {
    ops::refuse(node, "its input " + std::to_string(i) + " is " + to_string(shape) +
                          "; expected one number or " + std::to_string(size));
  }
}

// What all four share; `rows` and `columns` are how many x and w may have scales and zero points
// for.
DType check_codes(const Graph& graph, const Node& node, std::int64_t rows, std::int64_t columns) {
  const Places at = places(node);
  for (std::size_t i : {at.x, at.w, at.x_zero, at.w_zero}) require_codes(graph, node, i);
  require_list(graph, node, at.x_zero, rows);
  require_list(graph, node, at.w_zero, columns);
  if (!is_requantized(node)) return DType::kInt32;
  ops::float_shape(graph, node, at.x_scale);
  ops::float_shape(graph, node, at.w_scale);
  ops::float_shape(graph, node, at.y_scale);
  require_list(graph, node, at.x_scale, rows);
  require_list(graph, node, at.w_scale, columns);
  require_list(graph, node, at.y_scale, 1);
  require_list(graph, node, at.y_zero, 1);
  require_codes(graph, node, at.y_zero);
  return ops::input_dtype(graph, node, at.y_zero);
}

std::int64_t code_at(const Tensor* tensor, std::int64_t i) {
  if (tensor == nullptr) return 0;
  return Codes(tensor)[tensor->size() == 1 ? 0 : static_cast<std::size_t>(i)];
}
float scale_at(const Tensor& tensor, std::int64_t i) {
  return tensor.as<float>()[tensor.size() == 1 ? 0 : static_cast<std::size_t>(i)];
}

// Writes sums as int32, or requantized.
class Writer {
 public:
  Writer(const Node& node, std::span<const Tensor* const> inputs, Tensor& out)
      : at_(places(node)), inputs_(inputs), out_(out), requantize_(is_requantized(node)) {}

  void write(std::int64_t i, std::int64_t sum, std::int64_t row, std::int64_t column) {
    const auto place = static_cast<std::size_t>(i);
    if (!requantize_) {
      out_.as<std::int32_t>()[place] = static_cast<std::int32_t>(sum);
      return;
    }
    const float factor = scale_at(*inputs_[at_.x_scale], row) *
                         scale_at(*inputs_[at_.w_scale], column) /
                         scale_at(*inputs_[at_.y_scale], 0);
    ops::store(out_, place,
               ops::saturated(static_cast<float>(static_cast<std::int32_t>(sum)) * factor,
                              code_at(inputs_[at_.y_zero], 0), ops::limits_of(out_.dtype())));
  }

 private:
  Places at_;
  std::span<const Tensor* const> inputs_;
  Tensor& out_;
  bool requantize_;
};

const Tensor* optional(std::span<const Tensor* const> inputs, std::size_t i) {
  return i < inputs.size() ? inputs[i] : nullptr;
}

const Shape& conv_weights(const Graph& graph, const Node& node) {
  const Shape& in = ops::any_map_shape(graph, node, places(node).x);
  const Shape& weights = ops::any_map_shape(graph, node, places(node).w);
  const std::int64_t group = node.integer("group", 1);
  const bool fits = group >= 1 && in[1] % group == 0 && weights[1] == in[1] / group &&
                    weights[0] > 0 && weights[0] % group == 0;
  if (!fits) {
    ops::invalid(node, "its weights are " + to_string(weights) + " for an input of " +
                           to_string(in) + "; expected them to fit in " + std::to_string(group) +
                           " groups");
  }
  return weights;
}

void normalize_conv(NormalizeContext& context, Node& node) {
  const Shape& weights = conv_weights(context.graph, node);
  const Shape& in = ops::input_shape(context.graph, node);
  ops::normalize_window(node, {in[2], in[3]}, ops::Pair{weights[2], weights[3]});
  node.attributes["group"] = node.integer("group", 1);
}

std::vector<TensorType> infer_conv(const Graph& graph, const Node& node) {
  const Shape& weights = conv_weights(graph, node);
  const Shape& in = ops::input_shape(graph, node);
  const ops::Window window = ops::read_window(node, ops::Pair{weights[2], weights[3]});
  const ops::Pair out = ops::output_size(node, window, {in[2], in[3]});
  const std::size_t bias = places(node).bias;
  if (bias > 0 && node.input(bias) != kNoValue &&
      (ops::input_dtype(graph, node, bias) != DType::kInt32 ||
       ops::input_shape(graph, node, bias) != Shape{weights[0]})) {
    ops::invalid(node, "its bias is not int32 [" + std::to_string(weights[0]) + "]");
  }
  return {{check_codes(graph, node, 1, weights[0]), {in[0], weights[0], out[0], out[1]}}};
}

std::vector<Tensor> evaluate_conv(const Node& node, std::span<const Tensor* const> inputs,
                                  std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const Places at = places(node);
  const Shape &in = inputs[at.x]->shape(), &weights = inputs[at.w]->shape(), &to = types[0].shape;
  const Codes x(inputs[at.x]), w(inputs[at.w]);
  const floatops::Window window = floatops::window_of(ops::float_attributes(node));
  const std::int64_t outputs_a_group = weights[0] / node.integer("group", 1);
  const std::int64_t x_zero = code_at(optional(inputs, at.x_zero), 0);
  const Tensor* bias = at.bias > 0 ? optional(inputs, at.bias) : nullptr;
  Writer writer(node, inputs, out[0]);
  std::int64_t next = 0;
  const auto sum_at = [&](std::int64_t item, std::int64_t channel, std::int64_t y, std::int64_t z) {
    const std::int64_t w_zero = code_at(optional(inputs, at.w_zero), channel);
    std::int64_t sum = bias == nullptr ? 0 : Codes(bias)[static_cast<std::size_t>(channel)];
    for (std::int64_t c = 0; c < weights[1]; ++c) {
      const std::int64_t from = channel / outputs_a_group * weights[1] + c;
      for (std::int64_t i = 0; i < weights[2]; ++i) {
        for (std::int64_t j = 0; j < weights[3]; ++j) {
          const std::int64_t row =
              y * window.strides[0] - window.before[0] + i * window.dilations[0];
          const std::int64_t column =
              z * window.strides[1] - window.before[1] + j * window.dilations[1];
          if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
          const auto place = ((item * in[1] + from) * in[2] + row) * in[3] + column;
          const auto tap = ((channel * weights[1] + c) * weights[2] + i) * weights[3] + j;
          sum += (x[static_cast<std::size_t>(place)] - x_zero) *
                 (w[static_cast<std::size_t>(tap)] - w_zero);
        }
      }
    }
    return sum;
  };
  for (std::int64_t item = 0; item < to[0]; ++item) {
    for (std::int64_t channel = 0; channel < to[1]; ++channel) {
      for (std::int64_t y = 0; y < to[2]; ++y) {
        for (std::int64_t z = 0; z < to[3]; ++z) {
          writer.write(next++, sum_at(item, channel, y, z), 0, channel);
        }
      }
    }
  }
  return out;
}

std::vector<TensorType> infer_matmul(const Graph& graph, const Node& node) {
  const Shape& a = ops::input_shape(graph, node, places(node).x);
  const Shape& b = ops::input_shape(graph, node, places(node).w);
  if (a.size() < 2 || b.size() < 2) {
    ops::refuse(node,
                "its inputs are " + to_string(a) + " and " + to_string(b) + "; expected matrices");
  }
  const Shape out = ops::matmul_shape(node, a, b);
  return {{check_codes(graph, node, a[a.size() - 2], b.back()), out}};
}

std::vector<Tensor> evaluate_matmul(const Node& node, std::span<const Tensor* const> inputs,
                                    std::span<const TensorType> types) {
  std::vector<Tensor> out = ops::make_outputs(types);
  const Places at = places(node);
  const Shape &a = inputs[at.x]->shape(), &b = inputs[at.w]->shape(), &to = types[0].shape;
  const Codes x(inputs[at.x]), w(inputs[at.w]);
  const Shape batch(to.begin(), to.end() - 2);
  const std::int64_t rows = a[a.size() - 2], depth = a.back(), columns = b.back();
  const auto a_steps = floatops::broadcast_strides({a.begin(), a.end() - 2}, batch);
  const auto b_steps = floatops::broadcast_strides({b.begin(), b.end() - 2}, batch);
  Writer writer(node, inputs, out[0]);
  for (std::int64_t i = 0; i < out[0].size(); ++i) {
    const std::int64_t row = i / columns % rows, column = i % columns;
    std::int64_t rest = i / columns / rows, a_item = 0, b_item = 0;
    for (std::size_t axis = batch.size(); axis-- > 0; rest /= batch[axis]) {
      a_item += rest % batch[axis] * a_steps[axis];
      b_item += rest % batch[axis] * b_steps[axis];
    }
    const std::int64_t x_zero = code_at(optional(inputs, at.x_zero), row);
    const std::int64_t w_zero = code_at(optional(inputs, at.w_zero), column);
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < depth; ++k) {
      sum += (x[static_cast<std::size_t>((a_item * rows + row) * depth + k)] - x_zero) *
             (w[static_cast<std::size_t>((b_item * depth + k) * columns + column)] - w_zero);
    }
    writer.write(i, sum, row, column);
  }
  return out;
}

const std::vector<std::string> kWindow = {"auto_pad",     "dilations", "group",
                                          "kernel_shape", "pads",      "strides"};

}  // namespace

GraphOpFamily quantized_linear_graph_op() {
  return {{.type = "QLinearConv",
           .since = 10,
           .min_inputs = 8,
           .max_inputs = 9,
           .attributes = kWindow,
           .normalize = normalize_conv,
           .infer_shape = infer_conv,
           .evaluate = evaluate_conv},
          {.type = "ConvInteger",
           .since = 10,
           .min_inputs = 2,
           .max_inputs = 4,
           .attributes = kWindow,
           .normalize = normalize_conv,
           .infer_shape = infer_conv,
           .evaluate = evaluate_conv},
          {.type = "QLinearMatMul",
           .since = 10,
           .min_inputs = 8,
           .max_inputs = 8,
           .infer_shape = infer_matmul,
           .evaluate = evaluate_matmul},
          {.type = "MatMulInteger",
           .since = 10,
           .min_inputs = 2,
           .max_inputs = 4,
           .infer_shape = infer_matmul,
           .evaluate = evaluate_matmul}};
}

}  // namespace gradus
