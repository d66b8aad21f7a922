#include "gradus/qmodel/flat_reader.h"
#include "gradus/qmodel/limits.h"

namespace gradus {
namespace {

template <typename Op>
void read_window(const format::Window& window, Op* op) {
  op->kernel_h = window.kernel_h();
  op->kernel_w = window.kernel_w();
  op->stride_h = window.stride_h();
  op->stride_w = window.stride_w();
  op->pad_top = window.pad_top();
  op->pad_left = window.pad_left();
  op->pad_bottom = window.pad_bottom();
  op->pad_right = window.pad_right();
}

QOperator read(FlatReader& reader, const format::Conv& flat) {
  QConv op;
  read_window(*flat.window(), &op);
  op.dilation_h = flat.dilation_h();
  op.dilation_w = flat.dilation_w();
  op.groups = flat.groups();
  op.weights = reader.weights(*flat.weights());
  op.bias = reader.numbers(flat.bias());
  op.output = reader.output_stage(*flat.output());
  return op;
}

QOperator read(FlatReader& reader, const format::FullyConnected& flat) {
  QFullyConnected op;
  op.weights = reader.weights(*flat.weights());
  op.bias = reader.numbers(flat.bias());
  op.output = reader.output_stage(*flat.output());
  return op;
}

QOperator read(const format::Pool& flat) {
  QPool op;
  op.average = flat.average();
  op.count_padding = flat.count_padding();
  read_window(*flat.window(), &op);
  op.low = flat.range()->low();
  op.high = flat.range()->high();
  op.dilation_h = flat.dilation_h();
  op.dilation_w = flat.dilation_w();
  return op;
}

QOperator read(const format::Pad& flat) {
  return QPad{flat.top(),
              flat.left(),
              flat.bottom(),
              flat.right(),
              flat.channels_before(),
              flat.channels_after(),
              flat.between_rows(),
              flat.between_columns()};
}

QOperator read_operator(FlatReader& reader, const format::Node& node) {
  const auto range = [](const auto* flat) { return flat->range(); };
  switch (node.op_type()) {
    case format::Operator::Quantize:
      return QQuantize{};
    case format::Operator::Conv:
      return read(reader, *node.op_as_Conv());
    case format::Operator::FullyConnected:
      return read(reader, *node.op_as_FullyConnected());
    case format::Operator::Add:
      return QAdd{range(node.op_as_Add())->low(), range(node.op_as_Add())->high(),
                  node.op_as_Add()->subtract()};
    case format::Operator::Pool:
      return read(*node.op_as_Pool());
    case format::Operator::Concat:
      return QConcat{range(node.op_as_Concat())->low(), range(node.op_as_Concat())->high()};
    case format::Operator::Rescale:
      return QRescale{range(node.op_as_Rescale())->low(), range(node.op_as_Rescale())->high()};
    case format::Operator::Dequantize:
      return QDequantize{};
    case format::Operator::Slice: {
      const auto& slice = *node.op_as_Slice();
      return QSlice{slice.begin_h(), slice.begin_w(), slice.begin_c(),
                    slice.step_h(),  slice.step_w(),  slice.step_c()};
    }
    case format::Operator::Pad:
      return read(*node.op_as_Pad());
    case format::Operator::Flatten:
      return QFlatten{};
    case format::Operator::Multiply:
      return QMultiply{range(node.op_as_Multiply())->low(), range(node.op_as_Multiply())->high()};
    case format::Operator::Lookup:
      return QLookup{reader.numbers(node.op_as_Lookup()->table())};
    case format::Operator::Gather: {
      const auto& gather = *node.op_as_Gather();
      return QGather{reader.numbers(gather.rows()), reader.numbers(gather.columns()),
                     reader.numbers(gather.channels())};
    }
    case format::Operator::Island:
      return QIsland{read_island(reader, *node.op_as_Island())};
    default:
      reader.refuse("node '" + reader.name(node.name()) + "' has the unknown operator " +
                    std::to_string(static_cast<int>(node.op_type())));
  }
}

QTensor read_tensor(const FlatReader& reader, const format::Tensor& flat) {
  QTensor tensor;
  tensor.name = reader.name(flat.name());
  tensor.height = flat.height();
  tensor.width = flat.width();
  tensor.channels = flat.channels();
  if (flat.quantizer() == nullptr) {
    tensor.kind = flat.planes() ? QTensorKind::kPlanes : QTensorKind::kFloat;
    return tensor;
  }
  tensor.kind = QTensorKind::kCodes;
  tensor.bits = flat.quantizer()->bits();
  tensor.grid = FlatReader::grid(flat.quantizer()->grid());
  tensor.scale = flat.quantizer()->scale();
  tensor.zero_point = flat.quantizer()->zero_point();
  return tensor;
}

void read_metadata(const FlatReader& reader, const format::Model& flat, QModel* model) {
  std::int64_t left = limits::kMetadataBytes;
  for (const format::Entry* entry : *flat.metadata()) {
    std::string key = reader.text(entry->key(), left);
    left -= static_cast<std::int64_t>(key.size());
    std::string value = reader.text(entry->value(), left);
    left -= static_cast<std::int64_t>(value.size());
    if (!model->metadata.emplace(key, std::move(value)).second) {
      reader.refuse("the metadata has two entries with one key");
    }
  }
}

const format::Model& verified(std::span<const std::byte> bytes, const FlatReader& reader) {
  constexpr std::size_t kDepth = 8;  // model, node, operator, weights: four
  constexpr std::size_t kTables = 4 * (limits::kTensors + limits::kNodes);
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                 kDepth, kTables);
  if (!verifier.VerifyBuffer<format::Model>(nullptr)) {
    reader.refuse("its structure is damaged; convert the model again");
  }
  return *flatbuffers::GetRoot<format::Model>(bytes.data());
}

}  // namespace

QModel read_flat(std::span<const std::byte> bytes, const std::string& where) {
  FlatReader reader(where);
  const format::Model& flat = verified(bytes, reader);
  QModel model;
  model.name = reader.name(flat.name());
  if (flat.profile() != 0 && flat.profile() != 1) {
    reader.refuse("the profile is " + std::to_string(flat.profile()) +
                  "; expected 0 (ieee32) or 1 (fixed31)");
  }
  model.profile = static_cast<Profile>(flat.profile());
  for (const format::Tensor* tensor : *flat.tensors()) {
    model.tensors.push_back(read_tensor(reader, *tensor));
  }
  for (const format::Node* node : *flat.nodes()) {
    model.nodes.push_back({reader.name(node->name()), read_operator(reader, *node),
                           reader.numbers(node->inputs()), node->output()});
  }
  model.input = flat.input();
  model.outputs = reader.numbers(flat.outputs());
  read_metadata(reader, flat, &model);
  return model;
}

}  // namespace gradus
