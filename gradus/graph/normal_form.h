// The normal form: what a Graph from import_onnx() or the zoo guarantees, so that passes, training,
// conversion and export see one way of saying each thing.
//
// The graph: inputs are float32 of rank >= 1; -1 stands for the batch, in dimension 0 of inputs,
// and every other dimension is known. Every value has a shape. No Constant, Shape, Dropout, no
// foldable node, no Identity but one that makes a graph input, a constant or a second name a graph
// output.
//
// Whatever the opset of the file: each node means what is said here. Lists of integers are int64.
//
// Conv         2-D; w [out, in/group, kh, kw], bias [out] or none, both constant. kernel_shape,
//              strides, dilations, pads [top, left, bottom, right], group always there; auto_pad
//              never. A 1-D one is 2-D of height 1 between an Unsqueeze and a Squeeze of axis 2.
//              An Add of a constant a channel has become its bias.
// ConvTrans-   as Conv, but w [in, out/group, kh, kw], and output_padding always there (it may be
// pose         larger than a stride); output_shape never.
// MaxPool,     kernel_shape, strides, dilations, pads always there. ceil_mode never: it has become
// AveragePool  padding at the bottom and right (which does not count: where other padding does,
// that
//              is a Pad before). Every pad is smaller than the window, or implied by ceil_mode.
//              AveragePool has count_include_pad. MaxPool has storage_order 1, or not at all, where
//              its second output, the indices (int64), is used. 1-D as Conv.
// Global-      [N, C, H, W] to [N, C, 1, 1]. Also what ReduceMean over height and width becomes
// AveragePool  (then Flatten, keepdims = 0). GlobalMaxPool the same.
// Gemm         inputs {x, w, bias or none}; x [batch, in], w [out, in], bias [out], both constant;
//              alpha = beta = 1, transA = 0, transB = 1. MatMul of a matrix by a constant one
//              becomes one, and an Add of a constant row its bias; a Gemm that is none of these is
//              a MatMul, Transposes, Mul and Add.
// MatMul       any rank, numpy's rules; not of a matrix by a constant matrix.
// Batch-       inputs {x, gamma, beta, mean, variance}, the last four constant [channels]; epsilon
// Normalization  and momentum always there, momentum is ONNX's (running * momentum). A Mul or Add
//              of a constant a channel has become part of gamma and beta.
// Instance-    inputs {x, scale, bias}, the last two constant [channels]; epsilon always there.
// Normalization
// LRN          size, alpha, beta, bias always there.
// Clip         float attributes min and max, each left out where there is no bound; min <= max. Of
//              integers: a Max and a Min.
// LeakyRelu,   alpha always there (Selu: gamma too; HardSigmoid: alpha and beta). Gelu has
// Elu, Celu,   approximate, "none" or "tanh".
// Swish, Selu, ThresholdedRelu, HardSigmoid
// Slice        integer lists starts, ends, axes, steps; axes >= 0, 0 <= start <= end <= size,
//              steps >= 1; no slice of a whole axis. Backwards: a Gather.
// Gather       axis >= 0; indices constant, int32 or int64, within the axis, negative ones from its
//              end. floatops takes them as attribute indices, from 0.
// Pad          integer list pads, all befores then all afters, one an axis, >= 0, not all 0. The
//              padding is zero, or attribute value, which is there only where it is not. The modes
//              edge, reflect and wrap are a Gather an axis, and so are negative pads.
// Reshape      integer list shape, -1 at most for dimension 0, the batch. A Reshape, Squeeze or
//              Unsqueeze to [batch, all the rest] is a Flatten.
// Flatten      axis = 1.
// Squeeze,     integer list axes, >= 0, ascending.
// Unsqueeze
// Concat,      axis >= 0. Before opset 13 a Softmax of several axes is one of a Flatten or Reshape.
// Softmax, LogSoftmax
// Split        axis >= 0, integer list split; an output may be unused.
// Expand       integer list shape of the result, -1 for the batch.
// Tile         integer list repeats, one an axis.
// Transpose    perm always there.
// DepthToSpace mode, DCR or CRD, and blocksize always there. SpaceToDepth: blocksize.
// Resize       float32. mode (nearest, linear, cubic), coordinate_transformation_mode,
// nearest_mode,
//              cubic_coeff_a, exclude_outside, extrapolation_value, antialias always there; sizes
//              of all axes, -1 for the batch; scales of all axes, or empty where sizes make them;
//              roi, or empty; policy, policy_axes and policy_sizes, for export alone, where
//              a picture kept its shape. Upsample becomes one.
// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare
//              integer list axes, >= 0, ascending; the reduced axes stay, as 1 (then Squeeze,
//              keepdims = 0).
// ArgMax,      axis >= 0 and select_last_index always there; the axis stays, as 1. int64.
// ArgMin
// Add, Sub, Mul, Div, Pow, PRelu as ONNX's, with numpy's broadcasting. Max and Min of two; of more,
//              and Sum and Mean, they are a chain of pairs, from the left.
// LayerNormalization
//              float32. axis > 0 and epsilon always there; constant scale and bias of the axes from
//              it on.
// Range        constant bounds and delta; integer size, its length, always there.
// Where, Not, And, Or, Xor, Equal, Less, LessOrEqual, Greater, GreaterOrEqual, Cast as ONNX's.
// QuantizeLinear and its kin are in graphs for evaluation only; see graph/ops/quantized.cpp.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gradus/base/error_sink.h"
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

// What normalize_what_can_be() did not bring into the form, and what it did on a guess.
struct NotNormalized {
  std::vector<Node> left_out;     // as they were
  std::set<std::string> guessed;  // names of nodes in the graph
};
// The same for as much of the graph as can be: what is wrong of each node is told to `errors`, and
// the graph is brought into the form without the nodes that are wrong and those that `unusable`
// names. What they read are outputs of the graph, what they would have made are inputs, guessed to
// be like their own first input; of nodes that depend on the guess no more is told than what does
// not. Throws Error if the graph as a whole is malformed.
NotNormalized normalize_what_can_be(Graph& graph, const NormalizeOptions& options,
                                    const std::set<std::string>& unusable, ErrorSink& errors);

}  // namespace gradus
