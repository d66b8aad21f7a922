#include "tests/support/random_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradus/qmodel/geometry.h"

namespace gradus::testing_support {
namespace {

class Generator {
 public:
  Generator(std::uint64_t seed, const RandomModelOptions& options) : options_(options), rng_(seed) {
    model_.name = "random-" + std::to_string(seed);
    model_.profile = options.profile;
    model_.metadata = {{"seed", std::to_string(seed)}, {"empty", ""}};
  }

  QModel generate() {
    QTensor input;
    input.name = "input";
    input.kind = QTensorKind::kFloat;
    input.height = extent();
    input.width = extent();
    input.channels = channels();
    model_.tensors.push_back(input);
    QTensor first = codes_like(input);
    first.scale = rng_.uniform(0.5f, 2.0f) / static_cast<float>(steps(first));
    add_node(QQuantize{}, {0}, first);
    for (int i = 0; i < options_.nodes; ++i) add_random_node();
    add_outputs();
    return std::move(model_);
  }

 private:
  std::int32_t pick(std::int64_t low, std::int64_t high) {
    return static_cast<std::int32_t>(
        low + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(high - low + 1))));
  }
  bool chance(double probability) { return rng_.uniform() < static_cast<float>(probability); }
  std::int32_t extent() { return pick(1, options_.largest_extent); }
  std::int32_t channels() { return pick(1, options_.largest_channels); }
  static std::int32_t steps(const QTensor& t) { return t.grid.quant_max - t.grid.quant_min; }

  const QTensor& tensor(std::int32_t index) const {
    return model_.tensors[static_cast<std::size_t>(index)];
  }

  // A tensor of codes of the same shape, with a quantizer of its own; the scale is left at 1.
  QTensor codes_like(const QTensor& shape) {
    QTensor t;
    t.height = shape.height;
    t.width = shape.width;
    t.channels = shape.channels;
    t.bits = pick(1, 8);
    const bool is_signed = t.bits > 1 && chance(0.4);
    t.grid =
        QuantizerSpec{.bits = t.bits, .is_signed = is_signed, .narrow_range = chance(0.3)}.grid();
    t.zero_point =
        chance(0.5) ? std::max(t.grid.quant_min, 0) : pick(t.grid.quant_min, t.grid.quant_max);
    return t;
  }

  std::int32_t add_node(QOperator op, std::vector<std::int32_t> inputs, QTensor output) {
    output.name = "t" + std::to_string(model_.tensors.size());
    const auto index = static_cast<std::int32_t>(model_.tensors.size());
    const std::string name = operator_name(op) + std::to_string(model_.nodes.size());
    model_.tensors.push_back(output);
    model_.nodes.push_back({name, std::move(op), std::move(inputs), index});
    if (output.kind == QTensorKind::kCodes)
      codes_.push_back(index);
    else
      floats_.push_back(index);
    return index;
  }

  // Recent tensors are likelier, so that networks grow deep; old ones give residual connections.
  std::int32_t source() {
    const auto size = static_cast<std::int64_t>(codes_.size());
    const std::int64_t from = chance(0.7) ? std::max<std::int64_t>(0, size - 2) : 0;
    return codes_[static_cast<std::size_t>(pick(from, size - 1))];
  }

  void limits(const QTensor& out, std::int32_t* low, std::int32_t* high) {
    *low = out.grid.quant_min;
    *high = out.grid.quant_max;
    if (chance(0.3)) *low = std::max(*low, out.zero_point);  // a fused ReLU
    if (chance(0.2)) *high = pick(std::min(*low + 1, *high), *high);
  }

  QWeights weights(std::int64_t rows, std::int64_t taps) {
    QWeights w;
    w.bits = pick(1, 8);
    const bool is_signed = chance(0.7);
    w.grid =
        QuantizerSpec{.bits = w.bits, .is_signed = is_signed, .narrow_range = chance(0.5)}.grid();
    const bool per_channel = chance(0.5);
    for (std::int64_t i = 0; i < (per_channel ? rows : 1); ++i) {
      const bool asymmetric = !w.grid.binary && (!is_signed || chance(0.2));
      w.zero_point.push_back(asymmetric ? pick(w.grid.quant_min, w.grid.quant_max) : 0);
    }
    const bool extreme = chance(0.2);  // the ends of the grid, where sums are largest
    for (std::int64_t i = 0; i < rows * taps; ++i) {
      const bool ends = w.grid.binary || extreme;
      w.codes.push_back(ends ? (chance(0.5) ? w.grid.quant_min : w.grid.quant_max)
                             : pick(w.grid.quant_min, w.grid.quant_max));
    }
    return w;
  }

  // A bias and an output stage that spread the accumulators over the output's codes.
  void finish_linear(const QTensor& in, const QWeights& w, std::vector<std::int32_t>* bias,
                     QOutputStage* stage, QTensor* out) {
    const auto taps = static_cast<double>(w.codes.size()) / out->channels;
    const double wide = w.grid.quant_max - w.grid.quant_min;
    const double spread = std::max(1.0, std::sqrt(taps) * 0.3 * wide * 0.3 * steps(in));
    const std::int32_t middle = (in.grid.quant_max + in.grid.quant_min) / 2 - in.zero_point;
    for (std::int32_t c = 0; c < out->channels; ++c) {
      std::int64_t sum = 0;
      const auto row = static_cast<std::int64_t>(taps);
      for (std::int64_t k = c * row; k < (c + 1) * row; ++k) {
        sum += w.codes[static_cast<std::size_t>(k)] -
               w.zero_point[w.zero_point.size() == 1 ? 0 : static_cast<std::size_t>(c)];
      }
      // About as many accumulators above zero as below.
      const auto reach = static_cast<std::int64_t>(spread);
      bias->push_back(pick(-reach, reach) - static_cast<std::int32_t>(sum * middle));
    }
    const bool per_channel = chance(0.5);
    for (std::int32_t c = 0; c < (per_channel ? out->channels : 1); ++c) {
      // A batch norm's gain may be negative.
      const double sign = per_channel && chance(0.1) ? -1.0 : 1.0;
      stage->accumulator_scale.push_back(sign * static_cast<double>(in.scale) *
                                         static_cast<double>(rng_.uniform(0.001f, 0.002f)));
    }
    const double unit = std::fabs(stage->accumulator_scale[0]);
    out->scale = static_cast<float>(spread * unit * 4.0 / std::max(1, steps(*out)));
    if (out->kind == QTensorKind::kCodes) limits(*out, &stage->low, &stage->high);
    if (out->kind == QTensorKind::kFloat && chance(0.3)) stage->float_low = 0.0f;
    if (out->kind == QTensorKind::kFloat) *out = floats_like(*out);
  }

  static QTensor floats_like(const QTensor& shape) {
    QTensor t;
    t.kind = QTensorKind::kFloat;
    t.height = shape.height;
    t.width = shape.width;
    t.channels = shape.channels;
    return t;
  }

  // A window that fits; false if none was found.
  template <typename Op>
  bool window(const QTensor& in, std::int32_t dilation_h, std::int32_t dilation_w, Op* op,
              QTensor* out) {
    op->kernel_h = pick(1, chance(0.1) ? 7 : 3);
    op->kernel_w = chance(0.8) ? op->kernel_h : pick(1, 5);
    op->stride_h = pick(1, chance(0.3) ? 3 : 1);
    op->stride_w = chance(0.8) ? op->stride_h : pick(1, 2);
    if (chance(0.7)) {
      op->pad_top = pick(0, op->kernel_h - 1);
      op->pad_left = pick(0, op->kernel_w - 1);
      op->pad_bottom = chance(0.7) ? op->pad_top : pick(0, op->kernel_h - 1);
      op->pad_right = chance(0.7) ? op->pad_left : pick(0, op->kernel_w - 1);
    }
    const auto h = window_positions(in.height, op->pad_top, op->pad_bottom, op->kernel_h,
                                    dilation_h, op->stride_h);
    const auto w = window_positions(in.width, op->pad_left, op->pad_right, op->kernel_w, dilation_w,
                                    op->stride_w);
    out->height = static_cast<std::int32_t>(h);
    out->width = static_cast<std::int32_t>(w);
    return h > 0 && w > 0;
  }

  bool add_conv() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QTensor out = codes_like(in);
    QConv op;
    op.dilation_h = op.dilation_w = chance(0.15) ? 2 : 1;
    if (!window(in, op.dilation_h, op.dilation_w, &op, &out)) return false;
    out.channels = channels();
    if (chance(0.3)) {
      op.groups = in.channels;  // depthwise
      out.channels = in.channels;
    } else if (chance(0.15) && in.channels % 2 == 0) {
      op.groups = 2;
      out.channels = 2 * pick(1, 8);
    }
    if (chance(0.1)) out.kind = QTensorKind::kFloat;
    op.weights = weights(out.channels, op.kernel_h * op.kernel_w * (in.channels / op.groups));
    finish_linear(in, op.weights, &op.bias, &op.output, &out);
    add_node(op, {from}, out);
    return true;
  }

  std::int32_t flat_source() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    if (in.height == 1 && in.width == 1 && chance(0.5)) return from;
    QTensor out = in;
    out.height = out.width = 1;
    out.channels = in.height * in.width * in.channels;
    return add_node(QFlatten{}, {from}, out);
  }

  bool add_fully_connected() {
    const std::int32_t from = flat_source();
    const QTensor in = tensor(from);
    QTensor out = codes_like(in);
    out.channels = channels();
    if (chance(0.2)) out.kind = QTensorKind::kFloat;
    QFullyConnected op;
    op.weights = weights(out.channels, in.channels);
    finish_linear(in, op.weights, &op.bias, &op.output, &out);
    add_node(op, {from}, out);
    return true;
  }

  // One pixel an image of a tensor's channels.
  std::int32_t pooled(std::int32_t from) {
    const QTensor in = tensor(from);
    QTensor out = in;
    QPool op;
    op.average = true;
    op.kernel_h = in.height;
    op.kernel_w = in.width;
    op.low = out.grid.quant_min;
    op.high = out.grid.quant_max;
    out.height = out.width = 1;
    return add_node(op, {from}, out);
  }

  // Two tensors that add or multiply can combine: of one shape, or the second of one pixel.
  std::pair<std::int32_t, std::int32_t> pair() {
    const std::int32_t a = source();
    if (chance(0.3)) return {a, pooled(a)};
    std::vector<std::int32_t> alike;
    for (std::int32_t i : codes_) {
      const QTensor& t = tensor(i);
      if (t.height == tensor(a).height && t.width == tensor(a).width &&
          t.channels == tensor(a).channels) {
        alike.push_back(i);
      }
    }
    return {a,
            alike[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(alike.size()) - 1))]};
  }

  bool add_add() {
    auto [a, b] = pair();
    QTensor out = codes_like(tensor(a));
    const float range = tensor(a).scale * static_cast<float>(steps(tensor(a))) +
                        tensor(b).scale * static_cast<float>(steps(tensor(b)));
    out.scale = rng_.uniform(0.4f, 1.0f) * range / static_cast<float>(steps(out));
    QAdd op;
    op.subtract = chance(0.4);
    limits(out, &op.low, &op.high);
    if (chance(0.5)) std::swap(a, b);
    add_node(op, {a, b}, out);
    return true;
  }

  bool add_multiply() {
    auto [a, b] = pair();
    QTensor out = codes_like(tensor(a));
    const float range = tensor(a).scale * static_cast<float>(steps(tensor(a))) * tensor(b).scale *
                        static_cast<float>(steps(tensor(b)));
    out.scale = rng_.uniform(0.2f, 1.0f) * range / static_cast<float>(steps(out));
    QMultiply op;
    limits(out, &op.low, &op.high);
    if (chance(0.5)) std::swap(a, b);
    add_node(op, {a, b}, out);
    return true;
  }

  bool add_lookup() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QTensor out = codes_like(in);
    out.scale = in.scale * static_cast<float>(steps(in)) / static_cast<float>(steps(out));
    QLookup op;
    const std::int32_t tables = chance(0.3) ? in.channels : 1;
    for (std::int32_t i = 0; i < tables * (steps(in) + 1); ++i) {
      op.table.push_back(static_cast<std::uint8_t>(pick(0, steps(out))));
    }
    add_node(op, {from}, out);
    return true;
  }

  // Coordinates of an axis of the output, each below `in`; in order now and then.
  std::vector<std::int32_t> coordinates(std::int32_t in, std::int32_t out, std::int32_t step) {
    std::vector<std::int32_t> list;
    const bool ordered = chance(0.5);
    for (std::int32_t i = 0; i < out; ++i) {
      list.push_back(step * (ordered ? i * in / out : pick(0, in - 1)));
    }
    return list;
  }

  bool add_gather() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QTensor out = in;
    QGather op;
    if (chance(0.3)) {  // a transposition: rows from columns, columns from channels, ...
      out.height = in.width;
      out.width = in.channels;
      out.channels = in.height;
      op.rows = coordinates(in.width, out.height, 1);
      op.columns = coordinates(in.channels, out.width, in.height * in.width);
      op.channels = coordinates(in.height, out.channels, in.width);
    } else {
      out.height = extent();
      out.width = extent();
      out.channels = channels();
      op.rows = coordinates(in.height, out.height, in.width);
      op.columns = coordinates(in.width, out.width, 1);
      op.channels = coordinates(in.channels, out.channels, in.height * in.width);
    }
    add_node(op, {from}, out);
    return true;
  }

  bool add_pool() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QPool op;
    op.average = chance(0.6);
    op.count_padding = chance(0.3);
    QTensor out = op.average ? codes_like(in) : in;
    if (op.average && chance(0.4)) {  // global
      op.kernel_h = in.height;
      op.kernel_w = in.width;
      out.height = out.width = 1;
    } else {
      if (chance(0.2)) op.dilation_h = op.dilation_w = 2;
      if (!window(in, op.dilation_h, op.dilation_w, &op, &out)) return false;
      // A window of taps that are apart could miss the picture.
      if (op.dilation_h == 2) op.pad_top = op.pad_left = op.pad_bottom = op.pad_right = 0;
      out.height = static_cast<std::int32_t>(window_positions(
          in.height, op.pad_top, op.pad_bottom, op.kernel_h, op.dilation_h, op.stride_h));
      out.width = static_cast<std::int32_t>(window_positions(
          in.width, op.pad_left, op.pad_right, op.kernel_w, op.dilation_w, op.stride_w));
      if (out.height == 0 || out.width == 0) return false;
    }
    if (!op.average) {
      add_node(op, {from}, out);
      return true;
    }
    out.scale = in.scale * static_cast<float>(steps(in)) * rng_.uniform(0.3f, 1.0f) /
                static_cast<float>(steps(out));
    limits(out, &op.low, &op.high);
    add_node(op, {from}, chance(0.2) ? floats_like(out) : out);
    return true;
  }

  bool add_concat() {
    const std::int32_t a = source();
    std::vector<std::int32_t> inputs = {a};
    QTensor out = chance(0.5) ? tensor(a) : codes_like(tensor(a));
    if (!(out.bits == tensor(a).bits && out.scale == tensor(a).scale)) {
      const float range = tensor(a).scale * static_cast<float>(steps(tensor(a)));
      out.scale = range * rng_.uniform(0.5f, 2.0f) / static_cast<float>(steps(out));
    }
    for (std::int32_t i : codes_) {
      const QTensor& t = tensor(i);
      if (t.height != out.height || t.width != out.width || !chance(0.5)) continue;
      if (out.channels + t.channels > 3 * options_.largest_channels) continue;
      inputs.push_back(i);
      out.channels += t.channels;
    }
    QConcat op;
    limits(out, &op.low, &op.high);
    add_node(op, inputs, out);
    return true;
  }

  bool add_rescale() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QTensor out = chance(0.3) ? in : codes_like(in);
    out.scale = in.scale * static_cast<float>(steps(in)) * rng_.uniform(0.5f, 1.5f) /
                static_cast<float>(steps(out));
    QRescale op;
    limits(out, &op.low, &op.high);
    add_node(op, {from}, out);
    return true;
  }

  bool add_dequantize() {
    const std::int32_t from = source();
    const std::int32_t out = add_node(QDequantize{}, {from}, floats_like(tensor(from)));
    if (chance(0.5)) {
      QTensor flat = tensor(out);
      flat.channels *= flat.height * flat.width;
      flat.height = flat.width = 1;
      add_node(QFlatten{}, {out}, flat);
    }
    return true;
  }

  bool add_slice() {
    const std::int32_t from = source();
    const QTensor in = tensor(from);
    QTensor out = in;
    QSlice op;
    const auto cut = [&](std::int32_t size, std::int32_t* begin, std::int32_t* step) {
      *begin = pick(0, size - 1);
      *step = chance(0.5) ? 1 : pick(1, 3);
      return pick(1, (size - 1 - *begin) / *step + 1);
    };
    out.height = cut(in.height, &op.begin_h, &op.step_h);
    out.width = cut(in.width, &op.begin_w, &op.step_w);
    out.channels = cut(in.channels, &op.begin_c, &op.step_c);
    add_node(op, {from}, out);
    return true;
  }

  bool add_pad() {
    const std::int32_t from = source();
    QTensor out = tensor(from);
    QPad op = {pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2), 0, 0, 0, 0};
    if (chance(0.3)) {
      op.between_rows = pick(0, 2);
      op.between_columns = pick(0, 2);
    }
    if (chance(0.5)) {
      op.channels_before = pick(0, 5);
      op.channels_after = pick(0, 5);
    }
    out.height += (out.height - 1) * op.between_rows + op.top + op.bottom;
    out.width += (out.width - 1) * op.between_columns + op.left + op.right;
    out.channels += op.channels_before + op.channels_after;
    add_node(op, {from}, out);
    return true;
  }

  bool add_flatten() {
    const QTensor& in = tensor(source());
    if (elements(in) > 4000) return false;
    flat_source();
    return true;
  }

  // A tensor of floats where there is one, now and then the network's input; else codes.
  std::int32_t any_source() {
    if (chance(0.1)) return model_.input;
    if (floats_.empty() || chance(0.5)) return source();
    return floats_[static_cast<std::size_t>(
        pick(0, static_cast<std::int64_t>(floats_.size()) - 1))];
  }

  static float range_of(const QTensor& t) {
    return t.kind == QTensorKind::kCodes ? t.scale * static_cast<float>(steps(t)) : 4.0f;
  }
  static Shape shape_of(const QTensor& t) { return {1, t.channels, t.height, t.width}; }

  // Of one tensor, or the sum of one with a constant or with another of its shape.
  floatops::FloatCall island_call(const QTensor& in) {
    floatops::FloatCall call;
    call.inputs = {{floatops::InputKind::kData, shape_of(in), {}}};
    call.output = shape_of(in);
    switch (pick(0, 4)) {
      case 0:
        call.type = "LRN";
        call.attributes = {
            {"size", std::int64_t{3}}, {"alpha", 1e-3f}, {"beta", 0.75f}, {"bias", 1.0f}};
        break;
      case 1:
        call.type = "Transpose";
        call.attributes["perm"] = std::vector<std::int64_t>{0, 2, 3, 1};
        call.output = {1, in.height, in.width, in.channels};
        break;
      case 2:
        call.type = "Reshape";
        call.output = {1, in.channels, std::int64_t{in.height} * in.width};
        break;
      case 3:
        call.type = "Add";
        call.inputs.push_back({floatops::InputKind::kConstant, {in.channels, 1, 1}, {}});
        for (std::int32_t c = 0; c < in.channels; ++c) {
          call.inputs[1].values.push_back(0.1f * range_of(in) * rng_.normal());
        }
        break;
      default:
        call.type = "Abs";
    }
    if (chance(0.1)) call.low = 0.0f;
    return call;
  }

  bool add_island() {
    const std::int32_t from = any_source();
    const QTensor in = tensor(from);
    QIsland op{island_call(in)};
    std::vector<std::int32_t> inputs = {from};
    if (op.call.type == "Add" && chance(0.5)) {  // with itself, which is of its shape for sure
      op.call.inputs[1] = op.call.inputs[0];
      inputs.push_back(from);
    }
    QTensor out = in.kind == QTensorKind::kCodes && chance(0.6) ? in : codes_like(in);
    const Shape& shape = op.call.output;
    out.channels = static_cast<std::int32_t>(shape[1]);
    out.height = shape.size() == 4 ? static_cast<std::int32_t>(shape[2]) : 1;
    out.width = static_cast<std::int32_t>(shape.back());
    out.scale = range_of(in) / static_cast<float>(steps(out));
    if (op.call.type == "Abs") out.zero_point = out.grid.quant_min;
    if (chance(0.4)) {
      out = floats_like(out);
      out.kind = QTensorKind::kPlanes;
    }
    add_node(std::move(op), std::move(inputs), out);
    return true;
  }

  void add_random_node() {
    using Add = bool (Generator::*)();
    // In the order of QOperator; the first of a network is always its quantize node.
    static constexpr Add kAdds[] = {nullptr,
                                    &Generator::add_conv,
                                    &Generator::add_fully_connected,
                                    &Generator::add_add,
                                    &Generator::add_pool,
                                    &Generator::add_concat,
                                    &Generator::add_rescale,
                                    &Generator::add_dequantize,
                                    &Generator::add_slice,
                                    &Generator::add_pad,
                                    &Generator::add_flatten,
                                    &Generator::add_multiply,
                                    &Generator::add_lookup,
                                    &Generator::add_gather,
                                    &Generator::add_island};
    static constexpr std::size_t kMix[] = {1, 1, 1, 1, 1, 1,  2,  3,  3,  4,  4, 5,
                                           5, 6, 7, 8, 9, 10, 11, 11, 12, 13, 14};
    for (int attempt = 0; attempt < 20; ++attempt) {
      const std::size_t kinds = std::size(kMix) - (options_.islands ? 0 : 1);
      const std::size_t kind = options_.only.value_or(kMix[rng_.below(kinds)]);
      if (kAdds[kind] == nullptr || (this->*kAdds[kind])()) return;
    }
  }

  void add_outputs() {
    model_.outputs.push_back(codes_.back());
    for (std::int32_t index : floats_) {
      if (chance(0.7)) model_.outputs.push_back(index);
    }
    if (chance(0.3)) model_.outputs.push_back(source());
  }

  const RandomModelOptions options_;
  Rng rng_;
  QModel model_;
  std::vector<std::int32_t> codes_;   // tensors of codes made so far
  std::vector<std::int32_t> floats_;  // tensors of floats made so far, without the input
};

}  // namespace

QModel random_model(std::uint64_t seed, const RandomModelOptions& options) {
  return Generator(seed, options).generate();
}

std::vector<float> random_images(const QModel& model, std::int64_t batch, std::uint64_t seed) {
  Rng rng(seed, 1);
  const QTensor& input = model.tensors[static_cast<std::size_t>(model.input)];
  std::vector<float> images(static_cast<std::size_t>(batch * elements(input)));
  for (float& value : images) value = rng.normal();
  return images;
}

}  // namespace gradus::testing_support
