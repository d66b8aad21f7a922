// The normal form: what a Graph from import_onnx() or the zoo guarantees, so that passes, training,
// conversion and export see one way of saying each thing.
//
// The graph: inputs are float32 of rank >= 1; -1 stands for the batch, in dimension 0 of inputs,
// and every other dimension is known. Every value has a shape. No Constant, Shape, Dropout, no
// foldable node, no Identity but one that makes a graph input, a constant or a second name a graph
// output.
//
// Conv         2-D; w [out, in/group, kh, kw], bias [out] or none, both constant. kernel_shape,
//              strides, dilations, pads [top, left, bottom, right], group always there; auto_pad
//              never.
// MaxPool,     kernel_shape, strides, pads always there; dilations are 1. ceil_mode never: it has
// AveragePool  become padding at the bottom and right (for an average not counted, or refused).
//              Every pad is smaller than the kernel, or implied by ceil_mode. AveragePool has
//              count_include_pad.
// Global-      also what ReduceMean over height and width becomes (then Flatten, keepdims = 0).
// AveragePool
// Gemm         inputs {x, w, bias or none}; x [batch, in], w [out, in], bias [out], both constant;
//              alpha = beta = 1, transA = 0, transB = 1. MatMul by a constant matrix becomes one.
// Batch-       inputs {x, gamma, beta, mean, variance}, the last four constant [channels]; epsilon
// Normalization  and momentum always there, momentum is ONNX's (running * momentum).
// Clip         float attributes min and max, each left out where there is no bound.
// Slice        integer lists starts, ends, axes, steps; axes >= 0, 0 <= start <= end <= size,
//              steps >= 1; no slice of a whole axis.
// Pad          integer list pads, all befores then all afters, one an axis, >= 0, not all 0; the
//              padding is zero.
// Reshape      integer list shape, -1 at most for dimension 0, the batch. A Reshape, Squeeze or
//              Unsqueeze to [batch, all the rest] is a Flatten.
// Flatten      axis = 1.
// Squeeze,     integer list axes, >= 0, ascending.
// Unsqueeze
// Concat,      axis >= 0.
// Gather, Softmax
// Transpose    perm always there.
// Add, Sub, Mul, Div as ONNX's, with its broadcasting.
#pragma once

#include "gradus/graph/graph.h"

namespace gradus {

struct NormalizeOptions {
  int opset = 13;
  std::int64_t fixed_batch = 0;  // see NormalizeContext
};

// Brings a graph of ONNX nodes into normal form: sorts, folds constants, infers shapes, removes
// what does nothing. Inputs must have shapes; every operator must be in graph_ops(). Throws Error,
// naming the node: kInvalidFile if the graph is malformed, kUnsupported for an operator, attribute
// or combination that gradus does not compute.
void normalize(Graph& graph, const NormalizeOptions& options);

}  // namespace gradus
