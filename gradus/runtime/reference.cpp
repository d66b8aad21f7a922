#include "gradus/runtime/reference.h"

#include <algorithm>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_pool.h"
#include "gradus/quant/integer_rescale.h"

namespace gradus {
namespace {

// Position of an element in [batch, channels, height, width].
std::size_t place(const QTensor& t, std::int64_t n, std::int64_t c, std::int64_t y,
                  std::int64_t x) {
  return static_cast<std::size_t>(((n * t.channels + c) * t.height + y) * t.width + x);
}

template <typename Body>
void for_each_element(const QTensor& t, std::int64_t batch, const Body& body) {
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t c = 0; c < t.channels; ++c) {
      for (std::int64_t y = 0; y < t.height; ++y) {
        for (std::int64_t x = 0; x < t.width; ++x) body(n, c, y, x);
      }
    }
  }
}

struct Run {
  const QModel& model;
  const QNode& node;
  std::int64_t batch;
  std::vector<ReferenceTensor>& results;

  const QTensor& in(std::size_t i = 0) const {
    return model.tensors[static_cast<std::size_t>(node.inputs[i])];
  }
  const QTensor& out() const { return model.tensors[static_cast<std::size_t>(node.output)]; }
  const ReferenceTensor& input(std::size_t i = 0) const {
    return results[static_cast<std::size_t>(node.inputs[i])];
  }
  ReferenceTensor& output() const { return results[static_cast<std::size_t>(node.output)]; }

  // The code of an element minus the zero point; 0 (real zero) outside the picture.
  std::int32_t centered(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
    if (y < 0 || y >= in().height || x < 0 || x >= in().width) return 0;
    return input().codes[place(in(), n, c, y, x)] - in().zero_point;
  }
};

// What leaves an accumulating operator: codes, or floats.
class Output {
 public:
  Output(const Run& run, const QOutputStage& stage) : stage_(stage) {
    if (run.out().kind == QTensorKind::kCodes) {
      requantizer_ = make_requantizer(run.model.profile, stage.accumulator_scale, run.out().scale,
                                      run.out().zero_point, stage.low, stage.high);
    }
  }
  void store(const Run& run, std::size_t index, std::int64_t channel, std::int64_t acc) const {
    check(acc >= std::numeric_limits<std::int32_t>::min() &&
              acc <= std::numeric_limits<std::int32_t>::max(),
          "accumulator past int32 in spite of its proof");
    const auto c = static_cast<std::size_t>(channel);
    const auto exact = static_cast<std::int32_t>(acc);
    if (run.out().kind == QTensorKind::kCodes) {
      run.output().codes[index] = requantizer_(exact, c);
    } else {
      const auto& scale = stage_.accumulator_scale;
      const float real =
          static_cast<float>(exact) * static_cast<float>(scale[scale.size() == 1 ? 0 : c]);
      run.output().values[index] = std::clamp(real, stage_.float_low, stage_.float_high);
    }
  }

 private:
  const QOutputStage& stage_;
  Requantizer requantizer_;
};

void apply(const Run& run, const QQuantize&) {
  const QTensor& out = run.out();
  for (std::size_t i = 0; i < run.input().values.size(); ++i) {
    run.output().codes[i] = quantize(run.input().values[i], out.scale, out.zero_point, out.grid);
  }
}

std::int64_t convolve(const Run& run, const QConv& op, std::int64_t n, std::int64_t o,
                      std::int64_t y, std::int64_t x) {
  const std::int64_t taps = run.in().channels / op.groups;
  const std::int64_t group = o / (run.out().channels / op.groups);
  const std::int32_t zero_point =
      op.weights.zero_point[op.weights.zero_point.size() == 1 ? 0 : static_cast<std::size_t>(o)];
  std::int64_t acc = op.bias[static_cast<std::size_t>(o)];
  for (std::int64_t ky = 0; ky < op.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < op.kernel_w; ++kx) {
      for (std::int64_t i = 0; i < taps; ++i) {
        const std::int64_t w = ((o * op.kernel_h + ky) * op.kernel_w + kx) * taps + i;
        acc += std::int64_t{op.weights.codes[static_cast<std::size_t>(w)] - zero_point} *
               run.centered(n, group * taps + i, y * op.stride_h + ky * op.dilation_h - op.pad_top,
                            x * op.stride_w + kx * op.dilation_w - op.pad_left);
      }
    }
  }
  return acc;
}

void apply(const Run& run, const QConv& op) {
  const Output output(run, op.output);
  for_each_element(run.out(), run.batch,
                   [&](std::int64_t n, std::int64_t o, std::int64_t y, std::int64_t x) {
                     output.store(run, place(run.out(), n, o, y, x), o,
                                  convolve(run, op, n, o, y, x));
                   });
}

void apply(const Run& run, const QFullyConnected& op) {
  QConv conv;
  conv.weights = op.weights;
  conv.bias = op.bias;
  conv.output = op.output;
  apply(run, conv);
}

void apply(const Run& run, const QAdd& op) {
  const IntegerAdd add =
      make_integer_add(run.model.profile, quantizer_of(run.in(0)), quantizer_of(run.in(1)),
                       quantizer_of(run.out()), op.low, op.high);
  for (std::size_t i = 0; i < run.output().codes.size(); ++i) {
    run.output().codes[i] = add(run.input(0).codes[i], run.input(1).codes[i]);
  }
}

// The elements of a window that lie within the picture.
template <typename Body>
void for_each_in_window(const Run& run, const QPool& op, std::int64_t y, std::int64_t x,
                        const Body& body) {
  for (std::int64_t ky = 0; ky < op.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < op.kernel_w; ++kx) {
      const std::int64_t row = y * op.stride_h + ky - op.pad_top;
      const std::int64_t column = x * op.stride_w + kx - op.pad_left;
      if (row >= 0 && row < run.in().height && column >= 0 && column < run.in().width) {
        body(row, column);
      }
    }
  }
}

void apply_average(const Run& run, const QPool& op) {
  const bool codes = run.out().kind == QTensorKind::kCodes;
  const std::int32_t window = op.kernel_h * op.kernel_w;
  IntegerAveragePool average;
  if (codes) {
    average = make_integer_average_pool(run.model.profile, quantizer_of(run.in()),
                                        quantizer_of(run.out()), op.low, op.high, window);
  }
  for_each_element(
      run.out(), run.batch, [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
        std::int32_t sum = 0;
        std::int32_t count = 0;
        for_each_in_window(run, op, y, x, [&](std::int64_t row, std::int64_t column) {
          sum += run.centered(n, c, row, column);
          ++count;
        });
        if (op.count_padding) count = window;
        const std::size_t index = place(run.out(), n, c, y, x);
        if (codes) {
          run.output().codes[index] = average(sum, count);
        } else {
          run.output().values[index] = average_to_float(sum, run.in().scale, count);
        }
      });
}

void apply(const Run& run, const QPool& op) {
  if (op.average) return apply_average(run, op);
  for_each_element(
      run.out(), run.batch, [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
        std::int32_t largest = run.in().grid.quant_min;
        for_each_in_window(run, op, y, x, [&](std::int64_t row, std::int64_t column) {
          largest = std::max(largest, run.input().codes[place(run.in(), n, c, row, column)]);
        });
        run.output().codes[place(run.out(), n, c, y, x)] = largest;
      });
}

void apply(const Run& run, const QConcat& op) {
  std::int64_t first = 0;
  for (std::size_t i = 0; i < run.node.inputs.size(); ++i) {
    const IntegerRescale rescale =
        make_integer_rescale(run.model.profile, quantizer_of(run.in(i)), quantizer_of(run.out()),
                             op.low, op.high);
    for_each_element(run.in(i), run.batch,
                     [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                       run.output().codes[place(run.out(), n, first + c, y, x)] =
                           rescale(run.input(i).codes[place(run.in(i), n, c, y, x)]);
                     });
    first += run.in(i).channels;
  }
}

void apply(const Run& run, const QRescale& op) {
  const IntegerRescale rescale = make_integer_rescale(
      run.model.profile, quantizer_of(run.in()), quantizer_of(run.out()), op.low, op.high);
  std::transform(run.input().codes.begin(), run.input().codes.end(), run.output().codes.begin(),
                 rescale);
}

void apply(const Run& run, const QDequantize&) {
  for (std::size_t i = 0; i < run.output().values.size(); ++i) {
    run.output().values[i] = dequantize(run.input().codes[i], run.in().scale, run.in().zero_point);
  }
}

void apply(const Run& run, const QSlice& op) {
  for_each_element(run.out(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                     run.output().codes[place(run.out(), n, c, y, x)] =
                         run.input().codes[place(run.in(), n, op.begin_c + op.step_c * c,
                                                 op.begin_h + op.step_h * y,
                                                 op.begin_w + op.step_w * x)];
                   });
}

void apply(const Run& run, const QPad& op) {
  std::fill(run.output().codes.begin(), run.output().codes.end(), run.out().zero_point);
  for_each_element(run.in(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                     run.output().codes[place(run.out(), n, c + op.channels_before, y + op.top,
                                              x + op.left)] =
                         run.input().codes[place(run.in(), n, c, y, x)];
                   });
}

// [batch, channels, height, width] is ONNX's order already.
void apply(const Run& run, const QFlatten&) { run.output() = run.input(); }

}  // namespace

std::vector<ReferenceTensor> run_reference(const QModel& model, std::span<const float> images,
                                           std::int64_t batch) {
  const auto input = static_cast<std::size_t>(model.input);
  check(static_cast<std::int64_t>(images.size()) == batch * elements(model.tensors[input]),
        "images do not fill the batch");
  std::vector<ReferenceTensor> results(model.tensors.size());
  results[input].values.assign(images.begin(), images.end());
  for (const QNode& node : model.nodes) {
    const Run run{model, node, batch, results};
    const auto size = static_cast<std::size_t>(batch * elements(run.out()));
    if (run.out().kind == QTensorKind::kCodes) {
      run.output().codes.resize(size);
    } else {
      run.output().values.resize(size);
    }
    std::visit([&](const auto& op) { apply(run, op); }, node.op);
  }
  return results;
}

}  // namespace gradus
