// The way from a network that came quantized to the form of graph/fused.h, ready for convert.
#pragma once

#include "gradus/graph/graph.h"
#include "gradus/qdq/lift.h"

namespace gradus {

// `graph` is in normal form, with Quant nodes and quantizers on constants (onnx/onnx.h,
// import_quantized_onnx); `integers` are its biases as integers. Afterwards there is no Quant node:
// the value before it, or the value that a pool or reshape moves, carries the quantizer. Codes are
// those of the network as given:
//   - a Quant moves in front of operators that only move, choose or clamp values, where it changes
//   nothing;
//   - a value that is rounded in several ways, or also read as it is, is computed once for each;
//   - a Quant of codes becomes an Identity between two quantizers, a change of scale;
//   - what follows a layer and only multiplies and adds constants, one a channel, is part of its
//   scales and bias;
//   - a batch norm that reads codes is a table, one a channel; any other joins the layer before it;
//   - a bias whose scale is input scale * weight scale in float is int32, any other stays float and
//   is
//     rounded to the accumulator's unit (docs/numerics.md section 4).
// Throws Error (kUnsupported), naming the node, as prepare() does.
void prepare_quantized(Graph& graph, const IntegerConstants& integers);

}  // namespace gradus
