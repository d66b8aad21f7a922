#include "gradus/train/op_helpers.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "gradus/quant/integer_rescale.h"
#include "gradus/train/code_loops.h"

namespace gradus {

at::Tensor pad_map(const at::Tensor& x, const Window& window, double value) {
  if (window.pad_top + window.pad_left + window.pad_bottom + window.pad_right == 0) return x;
  return at::constant_pad_nd(
      x, {window.pad_left, window.pad_right, window.pad_top, window.pad_bottom}, value);
}

bool even_pads(const Window& window) {
  return window.pad_top == window.pad_bottom && window.pad_left == window.pad_right;
}

at::Tensor batch_norm(const FloatContext& context, const at::Tensor& x, const at::Tensor& gamma,
                      const at::Tensor& beta, const at::Tensor& mean, const at::Tensor& variance,
                      float epsilon, float momentum) {
  const double step = context.average_over > 0 ? 1.0 / static_cast<double>(context.average_over)
                                               : 1.0 - static_cast<double>(momentum);
  return at::batch_norm(x, gamma, beta, mean, variance, context.batch_statistics, step,
                        static_cast<double>(epsilon), false);
}

at::Tensor reshape_to_output(const Graph& graph, const Node& node, const at::Tensor& x) {
  Shape shape = known_shape(graph, node, node.outputs.at(0));
  std::int64_t rest = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) rest *= shape[i];
  shape.at(0) = x.numel() / std::max<std::int64_t>(rest, 1);
  return at::reshape(x, shape);
}

void parallel_elements(std::int64_t elements,
                       const std::function<void(std::int64_t, std::int64_t)>& body) {
  constexpr std::int64_t kGrain = 16384;
  at::parallel_for(0, elements, kGrain, body);
}

CodeFunction rescaled_codes(const CodeContext& context, const Node& node, ValueId input,
                            Clamp own) {
  const ActivationQuantizer from = context.quantizer(input);
  const ActivationQuantizer to = context.quantizer(node.outputs.at(0));
  const CodeRange range = context.output_codes(node, own);
  const bool whole = range.low == to.grid.quant_min && range.high == to.grid.quant_max;
  if (from == to && whole) return [](std::span<const at::Tensor> x) { return x[0]; };
  const IntegerRescale rescale =
      make_integer_rescale(context.profile, from, to, range.low, range.high);
  return [rescale](std::span<const at::Tensor> inputs) {
    const at::Tensor x =
        inputs[0].is_non_overlapping_and_dense() ? inputs[0] : inputs[0].contiguous();
    at::Tensor y = at::empty_like(x);
    const float* in = x.const_data_ptr<float>();
    float* out = y.mutable_data_ptr<float>();
    parallel_elements(x.numel(), [&](std::int64_t begin, std::int64_t end) {
      requantize_all(in + begin, out + begin, end - begin, rescale.requantizer, 0);
    });
    return y;
  };
}

CodeFunction moved_codes(const CodeContext& context, const Node& node,
                         at::Tensor (*forward)(const FloatContext&, const Node&,
                                               std::span<const at::Tensor>)) {
  const CodeFunction rescale = rescaled_codes(context, node, node.inputs.at(0));
  return
      [graph = &context.graph, node = &node, forward, rescale](std::span<const at::Tensor> inputs) {
        std::vector<at::Tensor> all(node->inputs.size());
        all[0] = inputs[0];
        const at::Tensor moved = forward({*graph}, *node, all);
        return rescale(std::span(&moved, 1));
      };
}

}  // namespace gradus
