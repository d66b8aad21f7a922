// What the prepare passes make of a graph, and what training, evaluation and conversion rely on.
//
//   Conv    inputs {x, w, bias or none, gamma, beta, mean, variance}; the last four only where
//           batch norm is kept separate (attribute "bn_epsilon", "bn_momentum"; the latter is
//           ONNX's: running = running * momentum + batch * (1 - momentum)).
//           w [out, in/groups, kh, kw]. A network that came quantized may have its bias as int32,
//           in the accumulator's unit (numerics.md (8)); such a network is converted, not trained.
//   Gemm    inputs {x, w, bias or none, (batch norm as above)}; always alpha = beta = 1,
//           transA = 0, transB = 1: w [out, in]. A MatMul by a constant becomes one.
//   Add     inputs {a, b}.
//   Every node may carry a fused clamp, attributes "activation_min" and "activation_max" (ReLU: 0
//   and +inf; ReLU6: 0 and 6), applied to its real result before its output is quantized.
//
// A value with a quantizer is materialised as codes. A node whose data inputs are all codes is an
// integer node; its output is codes if it has a quantizer, else float (float(acc) * scale), the way
// logits leave the network. MaxPool, Slice, Pad, Flatten, Reshape, Identity pass codes on: input
// and output share one quantizer.
#pragma once

#include <limits>

#include "gradus/graph/graph.h"

namespace gradus {

struct Clamp {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();
  bool any() const {
    return min != -std::numeric_limits<float>::infinity() ||
           max != std::numeric_limits<float>::infinity();
  }
};

Clamp fused_clamp(const Node& node);
void set_fused_clamp(Node& node, Clamp clamp);

// The constants of a Conv or Gemm, fetched from the graph. Pointers live as long as the graph does
// not change. Throws Error (kUnsupported), naming the node, if weights are not constant floats, or
// a bias is neither float nor int32.
struct LinearConstants {
  const Value* weights = nullptr;
  const Value* bias = nullptr;        // float; may be null
  const Value* bias_codes = nullptr;  // int32, in place of bias
  const Value* gamma = nullptr;       // all four null unless batch norm is separate
  const Value* beta = nullptr;
  const Value* mean = nullptr;
  const Value* variance = nullptr;
  float epsilon = 0.0f;
};
LinearConstants linear_constants(const Graph& graph, const Node& node);

// y = gain * (w * x) + offset per output channel: what bias and a separate batch norm amount to.
//   gain = gamma / sqrt(variance + epsilon), offset = (bias - mean) * gain + beta, computed in
//   double and rounded once to float (numerics.md (7)). gain is empty without a batch norm, offset
//   is empty without either.
struct ChannelAffine {
  std::vector<float> gain;
  std::vector<float> offset;
};
ChannelAffine channel_affine(std::span<const float> bias, std::span<const float> gamma,
                             std::span<const float> beta, std::span<const float> mean,
                             std::span<const float> variance, float epsilon);

// The clamp of an integer node's output codes: the quantizer's grid cut by the fused activation.
//   low = max(quant_min, quantize(clamp.min)), high = min(quant_max, quantize(clamp.max)).
struct CodeRange {
  std::int32_t low = 0;
  std::int32_t high = 0;
};
CodeRange clamped_codes(const Quantizer& quantizer, Clamp clamp);

}  // namespace gradus
