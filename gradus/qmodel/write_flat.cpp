#include "gradus/qmodel/flat.h"
#include "gradus/qmodel/write_island.h"
#include "gradus/quant/bitpack.h"

namespace gradus {
namespace {

using flatbuffers::Offset;
using Builder = flatbuffers::FlatBufferBuilder;

format::Grid flat(const Grid& grid) { return {grid.quant_min, grid.quant_max, grid.binary}; }

format::Window flat_window(const auto& op) {
  return {op.kernel_h, op.kernel_w, op.stride_h,   op.stride_w,
          op.pad_top,  op.pad_left, op.pad_bottom, op.pad_right};
}

Offset<format::Tensor> write(Builder& builder, const QTensor& tensor) {
  const format::Quantizer quantizer(tensor.bits, flat(tensor.grid), tensor.scale,
                                    tensor.zero_point);
  return format::CreateTensor(builder, builder.CreateString(tensor.name), tensor.height,
                              tensor.width, tensor.channels,
                              tensor.kind == QTensorKind::kCodes ? &quantizer : nullptr,
                              tensor.kind == QTensorKind::kPlanes);
}

Offset<format::Weights> write(Builder& builder, const QWeights& weights) {
  const auto packed = pack_codes(weights.codes, weights.bits, weights.grid);
  const auto bytes =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(packed.data()), packed.size());
  const auto zero_point = builder.CreateVector(weights.zero_point);
  const format::Grid grid = flat(weights.grid);
  return format::CreateWeights(builder, weights.bits, &grid, weights.codes.size(), bytes,
                               zero_point);
}

Offset<format::OutputStage> write(Builder& builder, const QOutputStage& stage) {
  const format::Range range(stage.low, stage.high);
  const format::FloatRange float_range(stage.float_low, stage.float_high);
  return format::CreateOutputStage(builder, builder.CreateVector(stage.accumulator_scale), &range,
                                   &float_range);
}

// One function an operator; each returns the table, whose type gives the union's tag.
auto write_op(Builder& builder, const QQuantize&) { return format::CreateQuantize(builder); }

auto write_op(Builder& builder, const QConv& op) {
  const format::Window window = flat_window(op);
  const auto weights = write(builder, op.weights);
  const auto bias = builder.CreateVector(op.bias);
  const auto output = write(builder, op.output);
  return format::CreateConv(builder, &window, op.dilation_h, op.dilation_w, op.groups, weights,
                            bias, output);
}

auto write_op(Builder& builder, const QFullyConnected& op) {
  const auto weights = write(builder, op.weights);
  const auto bias = builder.CreateVector(op.bias);
  const auto output = write(builder, op.output);
  return format::CreateFullyConnected(builder, weights, bias, output);
}

auto write_op(Builder& builder, const QAdd& op) {
  const format::Range range(op.low, op.high);
  return format::CreateAdd(builder, &range, op.subtract);
}

auto write_op(Builder& builder, const QPool& op) {
  const format::Window window = flat_window(op);
  const format::Range range(op.low, op.high);
  return format::CreatePool(builder, op.average, op.count_padding, &window, &range, op.dilation_h,
                            op.dilation_w);
}

auto write_op(Builder& builder, const QConcat& op) {
  const format::Range range(op.low, op.high);
  return format::CreateConcat(builder, &range);
}

auto write_op(Builder& builder, const QRescale& op) {
  const format::Range range(op.low, op.high);
  return format::CreateRescale(builder, &range);
}

auto write_op(Builder& builder, const QDequantize&) { return format::CreateDequantize(builder); }

auto write_op(Builder& builder, const QSlice& op) {
  return format::CreateSlice(builder, op.begin_h, op.begin_w, op.begin_c, op.step_h, op.step_w,
                             op.step_c);
}

auto write_op(Builder& builder, const QPad& op) {
  return format::CreatePad(builder, op.top, op.left, op.bottom, op.right, op.channels_before,
                           op.channels_after, op.between_rows, op.between_columns);
}

auto write_op(Builder& builder, const QFlatten&) { return format::CreateFlatten(builder); }

auto write_op(Builder& builder, const QMultiply& op) {
  const format::Range range(op.low, op.high);
  return format::CreateMultiply(builder, &range);
}

auto write_op(Builder& builder, const QLookup& op) {
  return format::CreateLookup(builder, builder.CreateVector(op.table));
}

auto write_op(Builder& builder, const QGather& op) {
  const auto rows = builder.CreateVector(op.rows);
  const auto columns = builder.CreateVector(op.columns);
  return format::CreateGather(builder, rows, columns, builder.CreateVector(op.channels));
}

auto write_op(Builder& builder, const QIsland& op) { return write_island(builder, op.call); }

template <typename Table>
Offset<format::Node> finish_node(Builder& builder, const QNode& node, Offset<Table> op) {
  return format::CreateNode(builder, builder.CreateString(node.name),
                            format::OperatorTraits<Table>::enum_value, op.Union(),
                            builder.CreateVector(node.inputs), node.output);
}

Offset<format::Node> write(Builder& builder, const QNode& node) {
  return std::visit(
      [&](const auto& op) { return finish_node(builder, node, write_op(builder, op)); }, node.op);
}

}  // namespace

std::vector<std::byte> write_flat(const QModel& model) {
  Builder builder;
  std::vector<Offset<format::Tensor>> tensors;
  for (const QTensor& tensor : model.tensors) tensors.push_back(write(builder, tensor));
  std::vector<Offset<format::Node>> nodes;
  for (const QNode& node : model.nodes) nodes.push_back(write(builder, node));
  std::vector<Offset<format::Entry>> metadata;
  for (const auto& [key, value] : model.metadata) {
    metadata.push_back(
        format::CreateEntry(builder, builder.CreateString(key), builder.CreateString(value)));
  }
  builder.Finish(format::CreateModel(
      builder, builder.CreateString(model.name), static_cast<std::int32_t>(model.profile),
      builder.CreateVector(tensors), builder.CreateVector(nodes), model.input,
      builder.CreateVector(model.outputs), builder.CreateVector(metadata)));
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

}  // namespace gradus
