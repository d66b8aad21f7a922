// The integers of a Conv or Gemm in the form that ONNX can hold: scales above zero.
#pragma once

#include <cstdint>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/quant/integer_linear.h"

namespace gradus::qdq {

struct LinearQdq {
  QuantizerSpec spec;                    // of the weights
  std::vector<std::int32_t> codes;       // in the order of the graph's weights
  std::vector<float> scale;              // one an output channel, batch norm included
  std::vector<std::int32_t> zero_point;  // one an output channel
  std::vector<std::int32_t> bias;        // in units of bias_scale; empty where there is none
  std::vector<float> bias_scale;
};

// For a node whose input and weights have quantizers. Where a batch norm's gain is below zero,
// codes and bias change their signs with it. Throws Error (kUnsupported), naming the node.
LinearQdq linear_qdq(const Graph& graph, const Node& node);

struct LinearFloat {
  std::vector<float> weights;
  std::vector<float> bias;  // empty where there is none
};
// Weights and bias with the batch norm folded in, in float; weights with a quantizer are rounded by
// it first.
LinearFloat linear_float(const Graph& graph, const Node& node);

}  // namespace gradus::qdq
