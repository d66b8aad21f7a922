// The integer network as plain data: what model.gradus holds, what convert writes and the engine
// loads. Activations are [batch, height, width, channels]; a fully connected tensor has height =
// width = 1. docs/numerics.md says what each operator computes.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "gradus/floatops/float_call.h"
#include "gradus/quant/quantizer.h"
#include "gradus/quant/requantize.h"

namespace gradus {

enum class QTensorKind : std::uint8_t {
  kFloat,   // real numbers: the network's input, and outputs that leave it
  kCodes,   // codes of a per-tensor quantizer
  kPlanes,  // real numbers in ONNX's order, [batch, channels, height, width]: what islands write
};

// A tensor between operators; the batch is left to run time.
struct QTensor {
  std::string name;
  QTensorKind kind = QTensorKind::kCodes;
  std::int32_t height = 1;
  std::int32_t width = 1;
  std::int32_t channels = 1;
  // kCodes only:
  int bits = 8;
  Grid grid = {};
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  bool operator==(const QTensor&) const = default;
};

// Weights as codes; stored packed at `bits` in the file (quant/bitpack.h).
struct QWeights {
  int bits = 8;
  Grid grid = {};
  // Convolution: [out, kernel_h, kernel_w, in / groups]. Fully connected: [out, in].
  std::vector<std::int32_t> codes;
  std::vector<std::int32_t> zero_point;  // one, or one an output channel
  bool operator==(const QWeights&) const = default;
};

// The output stage of an operator that accumulates: requantize to codes, or leave as
// float(acc) * scale[c] where the output tensor is kFloat.
struct QOutputStage {
  std::vector<double> accumulator_scale;  // one, or one a channel
  std::int32_t low = 0;                   // clamp of the codes; unused for kFloat
  std::int32_t high = 255;
  // Clamp of the floats: a fused activation where the output is kFloat; unused for kCodes.
  float float_low = -std::numeric_limits<float>::infinity();
  float float_high = std::numeric_limits<float>::infinity();
  bool operator==(const QOutputStage&) const = default;
};

struct QConv {  // groups = in channels = out channels is a depthwise convolution
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;  // filled with real zero
  std::int32_t groups = 1;
  QWeights weights;
  std::vector<std::int32_t> bias;  // [out], in accumulator units
  QOutputStage output;
  bool operator==(const QConv&) const = default;
};
struct QFullyConnected {
  QWeights weights;
  std::vector<std::int32_t> bias;
  QOutputStage output;
  bool operator==(const QFullyConnected&) const = default;
};
struct QAdd {  // each input of the output's shape, or 1 x 1 of its channels for every position
  std::int32_t low = 0, high = 255;
  bool subtract = false;  // the second from the first
  bool operator==(const QAdd&) const = default;
};
struct QMultiply {  // two tensors, of shapes as QAdd's
  std::int32_t low = 0, high = 255;
  bool operator==(const QMultiply&) const = default;
};
struct QPool {
  bool average = false;        // else maximum
  bool count_padding = false;  // average: padded elements count in the divisor
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::int32_t low = 0, high = 255;  // average, to codes
  std::int32_t dilation_h = 1, dilation_w = 1;
  bool operator==(const QPool&) const = default;
};
struct QConcat {  // along channels; each input rescaled to the output's quantizer
  std::int32_t low = 0, high = 255;
  bool operator==(const QConcat&) const = default;
};
struct QQuantize {  // float input to codes
  bool operator==(const QQuantize&) const = default;
};
struct QRescale {  // codes to codes of another quantizer, or a clamp (a ReLU that stands alone)
  std::int32_t low = 0, high = 255;
  bool operator==(const QRescale&) const = default;
};
struct QLookup {  // an activation: codes to codes by a table
  // The stored code (code - quant_min) of the output for every stored code of the input: one table
  // of quant_max - quant_min + 1 entries, or one a channel behind the other.
  std::vector<std::uint8_t> table;
  bool operator==(const QLookup&) const = default;
};
struct QDequantize {  // codes to float
  bool operator==(const QDequantize&) const = default;
};
struct QSlice {  // rectangle with steps, codes unchanged: out(y, x, c) = in(begin + step * ...)
  std::int32_t begin_h = 0, begin_w = 0, begin_c = 0;
  std::int32_t step_h = 1, step_w = 1, step_c = 1;
  bool operator==(const QSlice&) const = default;
};
struct QPad {  // real zero around; codes unchanged
  std::int32_t top = 0, left = 0, bottom = 0, right = 0;
  std::int32_t channels_before = 0, channels_after = 0;
  std::int32_t between_rows = 0, between_columns = 0;  // as many between neighbours of the input
  bool operator==(const QPad&) const = default;
};
struct QFlatten {  // [h, w, c] to [1, 1, c * h * w], in ONNX's order: channel, row, column
  bool operator==(const QFlatten&) const = default;
};

// Codes moved unchanged: out(y, x, c) is the input's element rows[y] + columns[x] + channels[c], in
// ONNX's order (channel, row, column). Resizing to the nearest, permutations of channels, depth to
// space, transpositions, reshapes. The three numbers never carry: each coordinate (channel, row,
// column) of the sum is the sum of theirs.
struct QGather {
  std::vector<std::int32_t> rows, columns, channels;  // of the output's height, width, channels
  bool operator==(const QGather&) const = default;
};

// An operator in float amid the integers: reads codes as reals, computes, and writes reals or
// codes. One image at a time: in the call's shapes the batch is 1. A tensor of another rank than 4
// has its elements in ONNX's order all the same: channels are its second dimension, width its last.
struct QIsland {
  floatops::FloatCall call;  // its data inputs are the node's inputs, in order
  bool operator==(const QIsland&) const = default;
};

using QOperator =
    std::variant<QQuantize, QConv, QFullyConnected, QAdd, QPool, QConcat, QRescale, QDequantize,
                 QSlice, QPad, QFlatten, QMultiply, QLookup, QGather, QIsland>;

struct QNode {
  std::string name;
  QOperator op;
  std::vector<std::int32_t> inputs;  // indices into QModel::tensors
  std::int32_t output = 0;
  bool operator==(const QNode&) const = default;
};

struct QModel {
  std::string name;
  Profile profile = Profile::kIeee32;
  std::vector<QTensor> tensors;
  std::vector<QNode> nodes;  // in the order of execution
  std::int32_t input = 0;
  std::vector<std::int32_t> outputs;
  // Recipe, versions, seed, data hash, preprocessing: shown by `inspect`, needed to run the model
  // on pictures ("data.mean" and so on).
  std::map<std::string, std::string> metadata;
  bool operator==(const QModel&) const = default;
};

const char* operator_name(const QOperator& op) noexcept;  // "conv", "fully_connected", ...

// Refuses a model that the engine could not run exactly: indices, shapes, grids, scales, packed
// sizes, accumulator bounds. Throws Error (kInvalidFile): "<where>: tensor/node: found, expected".
void validate(const QModel& model, const std::string& where);

}  // namespace gradus
