// Reading a quantized network: whatever way it is written in, it becomes a float network with one
// node Quant (graph/ops/quant.cpp) where a value is rounded onto a grid, and constants that carry
// their quantizer. Understood are, each in one file of ops/:
//   QuantizeLinear, DequantizeLinear, with Clip between them; QLinearConv, QLinearMatMul; ONNX
//   Runtime's QGemm, QLinearAdd, QLinearMul, QLinearWhere, QLinearConcat, QLinearAveragePool,
//   QLinearGlobalAveragePool, QLinearSigmoid, QLinearSoftmax, QLinearLeakyRelu; QONNX's Quant,
//   IntQuant and BipolarQuant; and operators that only move codes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus {

// A constant of rank 1 that a network gives as integers: real = scale * code.
struct IntegerConstant {
  std::vector<std::int32_t> codes;
  std::vector<float> scale;  // one, or one a code
};
using IntegerConstants = std::map<std::string, IntegerConstant>;  // by the name of the value

// An operator of a domain other than ai.onnx is called "<domain>:<type>" in a Graph.
// Whether the operator says how a value is quantized, or computes with codes.
bool is_quantized_op(const std::string& op);

// `graph` holds ONNX nodes, before normalize(). Inputs of type int8 or uint8 become float32: the
// reals that their codes stand for; so do outputs. A quantized constant becomes the float constant
// it stands for, with its quantizer (weights of MatMul and Gemm are transposed to [out, in] first).
// Returns the constants of rank 1 that were integers: a bias may not be exact as a float.
// Throws Error, naming the node: kInvalidFile if it contradicts itself, kUnsupported for a scale
// computed at run time, one scale a channel or a block in an activation, more than 8 bits, and what
// else no quantizer of gradus is.
IntegerConstants lift_quantized(Graph& graph);

}  // namespace gradus
