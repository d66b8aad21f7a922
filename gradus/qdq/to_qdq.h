// Writing a quantized network: a prepared graph as one of ONNX nodes, with QuantizeLinear and
// DequantizeLinear around every value that is codes, and integers for weights and biases.
#pragma once

#include <string>

#include "gradus/graph/graph.h"

namespace gradus {

enum class QdqFormat {
  // Weights of 8, 4 and 2 bits as such, packed: opset 13, 21 or 25. All other codes as 8 bits, kept
  // to
  // their grid by a Clip: ONNX Runtime (1.31) has 4-bit activations but fails to optimise them.
  kPacked,
  kBytes,  // all codes as 8 bits, fewer bits behind a Clip: opset 13, what every runtime reads
};
// Throws Error (kInvalidArgument), listing "qdq" and "qcdq".
QdqFormat qdq_format_from_name(const std::string& name);

struct QdqGraph {
  Graph graph;     // nodes in normal form, and QuantizeLinear, DequantizeLinear, Clip of integers
  int opset = 13;  // the lowest that has the types used
};

// `prepared` as graph/fused.h says, its quantizers calibrated; it may have none. Batch norm is
// absorbed into weights, scales and biases. Read in again (qdq/lift.h, prepare_quantized) it
// computes the same codes. Values keep their names; what is added to one has its name with a
// suffix. Throws Error (kUnsupported), naming the value or node: 1-bit codes without zero in
// activations, scales that no float holds, and as make_integer_linear does.
QdqGraph to_qdq(const Graph& prepared, QdqFormat format);

}  // namespace gradus
