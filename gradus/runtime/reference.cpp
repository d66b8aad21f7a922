#include "gradus/runtime/reference.h"

#include <algorithm>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_multiply.h"
#include "gradus/quant/integer_pool.h"
#include "gradus/quant/integer_rescale.h"
#include "gradus/runtime/reference_run.h"

namespace gradus {
namespace reference {
namespace {

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
  for_each_element(
      run.out(), run.batch, [&](std::int64_t n, std::int64_t o, std::int64_t y, std::int64_t x) {
        output.store(run, place(run.out(), n, o, y, x), o, convolve(run, op, n, o, y, x));
      });
}

void apply(const Run& run, const QFullyConnected& op) {
  QConv conv;
  conv.weights = op.weights;
  conv.bias = op.bias;
  conv.output = op.output;
  apply(run, conv);
}

// combine(a, b) for every element; a tensor of one pixel is repeated.
template <typename Combine>
void for_each_pair(const Run& run, const Combine& combine) {
  const auto code = [&](std::size_t i, std::int64_t n, std::int64_t c, std::int64_t y,
                        std::int64_t x) {
    const QTensor& t = run.in(i);
    const bool pixel = t.height == 1 && t.width == 1;
    return run.input(i).codes[place(t, n, c, pixel ? 0 : y, pixel ? 0 : x)];
  };
  for_each_element(run.out(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                     run.output().codes[place(run.out(), n, c, y, x)] =
                         combine(code(0, n, c, y, x), code(1, n, c, y, x));
                   });
}

void apply(const Run& run, const QAdd& op) {
  for_each_pair(
      run, make_integer_add(run.model.profile, quantizer_of(run.in(0)), quantizer_of(run.in(1)),
                            quantizer_of(run.out()), op.low, op.high, op.subtract));
}

void apply(const Run& run, const QMultiply& op) {
  for_each_pair(run, make_integer_multiply(run.model.profile, quantizer_of(run.in(0)),
                                           quantizer_of(run.in(1)), quantizer_of(run.out()), op.low,
                                           op.high));
}

void apply(const Run& run, const QLookup& op) {
  const Grid& in = run.in().grid;
  const std::int64_t codes = in.quant_max - in.quant_min + 1;
  const std::int64_t step = static_cast<std::int64_t>(op.table.size()) == codes ? 0 : codes;
  for_each_element(run.out(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                     const std::size_t index = place(run.out(), n, c, y, x);
                     const std::int64_t entry = c * step + run.input().codes[index] - in.quant_min;
                     run.output().codes[index] =
                         op.table[static_cast<std::size_t>(entry)] + run.out().grid.quant_min;
                   });
}

// The elements of a window that lie within the picture.
template <typename Body>
void for_each_in_window(const Run& run, const QPool& op, std::int64_t y, std::int64_t x,
                        const Body& body) {
  for (std::int64_t ky = 0; ky < op.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < op.kernel_w; ++kx) {
      const std::int64_t row = y * op.stride_h + ky * op.dilation_h - op.pad_top;
      const std::int64_t column = x * op.stride_w + kx * op.dilation_w - op.pad_left;
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
  for_each_element(run.out(), run.batch,
                   [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
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
    const IntegerRescale rescale = make_integer_rescale(run.model.profile, quantizer_of(run.in(i)),
                                                        quantizer_of(run.out()), op.low, op.high);
    for_each_element(run.in(i), run.batch,
                     [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
                       run.output().codes[place(run.out(), n, first + c, y, x)] =
                           rescale(run.input(i).codes[place(run.in(i), n, c, y, x)]);
                     });
    first += run.in(i).channels;
  }
}

void apply(const Run& run, const QRescale& op) {
  const IntegerRescale rescale = make_integer_rescale(run.model.profile, quantizer_of(run.in()),
                                                      quantizer_of(run.out()), op.low, op.high);
  std::transform(run.input().codes.begin(), run.input().codes.end(), run.output().codes.begin(),
                 rescale);
}

void apply(const Run& run, const QDequantize&) {
  for (std::size_t i = 0; i < run.output().values.size(); ++i) {
    run.output().values[i] = dequantize(run.input().codes[i], run.in().scale, run.in().zero_point);
  }
}

void apply(const Run& run, const QIsland& op) {
  const floatops::BoundCall call(op.call);
  const QTensor& out = run.out();
  const auto size = static_cast<std::size_t>(elements(out));
  std::vector<float> reals(size);
  for (std::int64_t n = 0; n < run.batch; ++n) {
    std::vector<std::vector<float>> inputs;
    std::vector<const float*> data;
    for (std::size_t i = 0; i < run.node.inputs.size(); ++i) {
      std::vector<float>& one = inputs.emplace_back(static_cast<std::size_t>(elements(run.in(i))));
      for (std::size_t k = 0; k < one.size(); ++k) {
        const std::size_t at = static_cast<std::size_t>(n) * one.size() + k;
        one[k] = run.in(i).kind == QTensorKind::kCodes
                     ? dequantize(run.input(i).codes[at], run.in(i).scale, run.in(i).zero_point)
                     : run.input(i).values[at];
      }
      data.push_back(one.data());
    }
    call.run(data, reals.data());
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t at = static_cast<std::size_t>(n) * size + k;
      if (out.kind == QTensorKind::kCodes) {
        run.output().codes[at] = quantize(reals[k], out.scale, out.zero_point, out.grid);
      } else {
        run.output().values[at] = reals[k];
      }
    }
  }
}

}  // namespace

void apply_node(const Run& run) {
  std::visit([&](const auto& op) { apply(run, op); }, run.node.op);
}

}  // namespace reference

std::vector<ReferenceTensor> run_reference(const QModel& model, std::span<const float> images,
                                           std::int64_t batch) {
  const auto input = static_cast<std::size_t>(model.input);
  check(static_cast<std::int64_t>(images.size()) == batch * elements(model.tensors[input]),
        "images do not fill the batch");
  std::vector<ReferenceTensor> results(model.tensors.size());
  results[input].values.assign(images.begin(), images.end());
  for (const QNode& node : model.nodes) {
    const reference::Run run{model, node, batch, results};
    const auto size = static_cast<std::size_t>(batch * elements(run.out()));
    if (run.out().kind == QTensorKind::kCodes) {
      run.output().codes.resize(size);
    } else {
      run.output().values.resize(size);
    }
    reference::apply_node(run);
  }
  return results;
}

}  // namespace gradus
