// The judges of single operators.
#include <algorithm>
#include <stdexcept>

#include "gradus/base/error.h"
#include "gradus/kernels/add/add.h"
#include "gradus/kernels/multiply/multiply.h"
#include "gradus/quant/integer_add.h"
#include "gradus/quant/integer_pool.h"
#include "tests/suites/cmsis_nn_layer.h"

namespace gradus::cmsis_nn {
namespace {

bool ends_with(const std::string& text, const char* end) { return text.ends_with(end); }

int activation_bits(const std::string& op) { return ends_with(op, "_s16") ? 16 : 8; }

SuiteArray expected_of(const SuiteCase& c) { return c.any_array({"output_ref", "output"}); }

// Runs the engine; one line instead where it refuses the model.
void run_engine(const ChainModel& model, std::span<const std::int32_t> input,
                std::span<const std::int32_t> expected, Outcome* outcome) {
  try {
    outcome->engine_wrong = model.wrong_codes(input, expected);
  } catch (const Error& error) {
    outcome->refusal = error.what();
  }
}

QPool pool_of(const SuiteCase& c, bool average) {
  QPool pool;
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  pool.average = average;
  pool.kernel_h = value("FILTER_H");
  pool.kernel_w = value("FILTER_W");
  pool.stride_h = value("STRIDE_H");
  pool.stride_w = value("STRIDE_W");
  pool.pad_top = value("PADDING_H");
  pool.pad_left = value("PADDING_W");
  pool.pad_bottom = padding_after(value("INPUT_H"), value("OUTPUT_H"), pool.kernel_h, pool.stride_h,
                                  1, pool.pad_top);
  pool.pad_right = padding_after(value("INPUT_W"), value("OUTPUT_W"), pool.kernel_w, pool.stride_w,
                                 1, pool.pad_left);
  pool.low = value("ACTIVATION_MIN");
  pool.high = value("ACTIVATION_MAX");
  return pool;
}

// Averages with quant's function, codes of zero point 0, and maxima by comparison.
std::vector<std::int32_t> scalar_pool(const SuiteCase& c, const QPool& pool,
                                      std::span<const std::int32_t> input) {
  const std::int64_t height = c.integer("INPUT_H"), width = c.integer("INPUT_W");
  const std::int64_t channels = c.integer("INPUT_C");
  const ActivationQuantizer same{{pool.low, pool.high, false}, 1.0f, 0};
  const IntegerAveragePool average = make_integer_average_pool(
      Profile::kFixed31, same, same, pool.low, pool.high, pool.kernel_h * pool.kernel_w);
  std::vector<std::int32_t> codes;
  for (std::int64_t n = 0; n < c.integer("INPUT_N"); ++n) {
    for (std::int64_t y = 0; y < c.integer("OUTPUT_H"); ++y) {
      for (std::int64_t x = 0; x < c.integer("OUTPUT_W"); ++x) {
        for (std::int64_t k = 0; k < channels; ++k) {
          std::int32_t sum = 0, count = 0, largest = std::numeric_limits<std::int32_t>::min();
          for (std::int64_t row = std::max<std::int64_t>(0, y * pool.stride_h - pool.pad_top);
               row < std::min(height, y * pool.stride_h - pool.pad_top + pool.kernel_h); ++row) {
            for (std::int64_t at = std::max<std::int64_t>(0, x * pool.stride_w - pool.pad_left);
                 at < std::min(width, x * pool.stride_w - pool.pad_left + pool.kernel_w); ++at) {
              const std::int32_t code =
                  input[static_cast<std::size_t>(((n * height + row) * width + at) * channels + k)];
              sum += code;
              ++count;
              largest = std::max(largest, code);
            }
          }
          codes.push_back(pool.average ? average(sum, count)
                                       : std::clamp(largest, pool.low, pool.high));
        }
      }
    }
  }
  return codes;
}

// CMSIS-NN's addition with the multipliers of the case: numerics.md (18).
std::int32_t add(const SuiteCase& c, std::int32_t a, std::int32_t b) {
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  const std::int32_t left = std::int32_t{1} << value("LEFT_SHIFT");
  const std::int32_t scaled = multiply_by_fixed((a + value("INPUT1_OFFSET")) * left,
                                                {value("INPUT1_MULT"), value("INPUT1_SHIFT")}) +
                              multiply_by_fixed((b + value("INPUT2_OFFSET")) * left,
                                                {value("INPUT2_MULT"), value("INPUT2_SHIFT")});
  return multiply_by_fixed(scaled, {value("OUTPUT_MULT"), value("OUTPUT_SHIFT")});
}

std::int32_t multiply(const SuiteCase& c, std::int32_t a, std::int32_t b) {
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  return multiply_by_fixed((a + value("INPUT1_OFFSET")) * (b + value("INPUT2_OFFSET")),
                           {value("OUTPUT_MULT"), value("OUTPUT_SHIFT")});
}

// A row of stored codes in memory as kernels/tensor_view.h wants it: padded past its end.
kernels::ActivationView row_view(std::vector<std::uint8_t>& memory, std::size_t count) {
  memory.resize(count + 68);
  kernels::ActivationView view;
  view.data = memory.data();
  view.height = view.width = 1;
  view.channels = static_cast<std::int32_t>(count);
  view.pixel_step = view.row_step = view.image_step =
      static_cast<std::ptrdiff_t>((count + 3) / 4 * 4);
  return view;
}

constexpr std::int32_t kMin = -128;  // stored codes begin at 0

// Runs every kernel of a family of elementwise operators; `args` has its integers. (A model's are
// made from scales; the case has only multipliers.)
template <typename Args, typename Kernels>
std::int64_t wrong_of_kernels(Args args, const Kernels& kernels, std::span<const std::int32_t> a,
                              std::span<const std::int32_t> b,
                              std::span<const std::int32_t> expected) {
  std::vector<std::uint8_t> memory[3];
  args.a = row_view(memory[0], a.size());
  args.b = row_view(memory[1], b.size());
  args.out = row_view(memory[2], a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    memory[0][i] = static_cast<std::uint8_t>(a[i] - kMin);
    memory[1][i] = static_cast<std::uint8_t>(b[i] - kMin);
  }
  std::int64_t wrong = 0;
  for (const auto& kernel : kernels) {
    if (!isa_supported(kernel.isa)) continue;
    std::fill(memory[2].begin(), memory[2].end(), std::uint8_t{0xcc});
    kernel.run(args, 0, 1);
    std::vector<std::int32_t> codes;
    for (std::size_t i = 0; i < a.size(); ++i) codes.push_back(memory[2][i] + kMin);
    wrong = std::max(wrong, count_differences(codes, expected));
  }
  return wrong;
}

kernels::AddArgs add_args(const SuiteCase& c) {
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  kernels::AddArgs args;
  args.add.profile = Profile::kFixed31;
  args.add.fixed[0] = {value("INPUT1_MULT"), value("INPUT1_SHIFT")};
  args.add.fixed[1] = {value("INPUT2_MULT"), value("INPUT2_SHIFT")};
  args.add.fixed_output = {value("OUTPUT_MULT"), value("OUTPUT_SHIFT")};
  args.add.input_zero_point[0] = -value("INPUT1_OFFSET") - kMin;
  args.add.input_zero_point[1] = -value("INPUT2_OFFSET") - kMin;
  args.add.zero_point = value("OUTPUT_OFFSET") - kMin;
  args.add.low = value("OUT_ACTIVATION_MIN") - kMin;
  args.add.high = value("OUT_ACTIVATION_MAX") - kMin;
  return args;
}

kernels::MultiplyArgs multiply_args(const SuiteCase& c) {
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  kernels::MultiplyArgs args;
  Requantizer& requantizer = args.multiply.requantizer;
  requantizer.profile = Profile::kFixed31;
  requantizer.fixed = {{value("OUTPUT_MULT"), value("OUTPUT_SHIFT")}};
  requantizer.zero_point = value("OUTPUT_OFFSET") - kMin;
  requantizer.low = value("OUT_ACTIVATION_MIN") - kMin;
  requantizer.high = value("OUT_ACTIVATION_MAX") - kMin;
  args.multiply.input_zero_point[0] = -value("INPUT1_OFFSET") - kMin;
  args.multiply.input_zero_point[1] = -value("INPUT2_OFFSET") - kMin;
  return args;
}

}  // namespace

Outcome judge_linear(const SuiteCase& c) {
  const std::string op = c.text("op");
  const LayerKind kind = op.starts_with("conv")        ? LayerKind::kConv
                         : op.starts_with("depthwise") ? LayerKind::kDepthwise
                                                       : LayerKind::kFullyConnected;
  const Layer layer =
      read_layer(c, kind, activation_bits(op), ends_with(op, "_s4") ? 4 : 8, "", "");
  const auto input = c.array("input").integers();
  const auto expected = expected_of(c).integers();
  Outcome outcome;
  outcome.outputs = static_cast<std::int64_t>(expected.size());
  if (layer.wide_bias) {
    outcome.refusal = "a bias of 64 bits; gradus has biases of 32 bits";
    return outcome;
  }
  outcome.scalar_wrong = count_differences(scalar_codes(layer, input), expected);
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  ChainModel model(narrow(layer.in_h), narrow(layer.in_w), narrow(layer.in_c), layer.input_bits,
                   layer.input_zero_point);
  const QConv conv = layer.conv();
  const QOperator node = kind == LayerKind::kFullyConnected
                             ? QOperator(QFullyConnected{conv.weights, conv.bias, conv.output})
                             : QOperator(conv);
  model.add(node, narrow(layer.out_h), narrow(layer.out_w), narrow(layer.out_c),
            layer.output_zero_point);
  run_engine(model, input, expected, &outcome);
  return outcome;
}

Outcome judge_pool(const SuiteCase& c) {
  const std::string op = c.text("op");
  const QPool pool = pool_of(c, op.starts_with("avg"));
  const auto input = c.any_array({"input_tensor", "input"}).integers();
  const auto expected = expected_of(c).integers();
  Outcome outcome;
  outcome.outputs = static_cast<std::int64_t>(expected.size());
  outcome.scalar_wrong = count_differences(scalar_pool(c, pool, input), expected);
  const auto value = [&](const char* key) { return static_cast<std::int32_t>(c.integer(key)); };
  // Zero points do not matter to TFLite's pools; a ReLU's clamp after a maximum is a node of ours.
  for (std::int32_t zero_point : {0, -128, 19}) {
    ChainModel model(value("INPUT_H"), value("INPUT_W"), value("INPUT_C"), activation_bits(op),
                     zero_point);
    model.add(pool, value("OUTPUT_H"), value("OUTPUT_W"), value("INPUT_C"), zero_point);
    if (!pool.average) {
      model.add(QRescale{pool.low, pool.high}, value("OUTPUT_H"), value("OUTPUT_W"),
                value("INPUT_C"), zero_point);
    }
    Outcome one;
    run_engine(model, input, expected, &one);
    outcome.engine_wrong = std::max(outcome.engine_wrong, one.engine_wrong);
    outcome.refusal = one.refusal;
  }
  return outcome;
}

Outcome judge_elementwise(const SuiteCase& c) {
  const std::string op = c.text("op");
  const bool adds = op.starts_with("add");
  const auto a = c.any_array({"input1", "input_1"}).integers();
  const auto b = c.any_array({"input2", "input_2"}).integers();
  const auto expected = expected_of(c).integers();
  if (a.size() != b.size()) throw std::runtime_error(c.name() + ": inputs of different sizes");
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::int64_t sum = std::int64_t{adds ? add(c, a[i], b[i]) : multiply(c, a[i], b[i])} +
                             c.integer("OUTPUT_OFFSET");
    codes.push_back(static_cast<std::int32_t>(
        std::clamp(sum, c.integer("OUT_ACTIVATION_MIN"), c.integer("OUT_ACTIVATION_MAX"))));
  }
  Outcome outcome;
  outcome.outputs = static_cast<std::int64_t>(expected.size());
  outcome.scalar_wrong = count_differences(codes, expected);
  if (activation_bits(op) == 16) {
    outcome.refusal = "activations of 16 bits; gradus has 1 to 8";
  } else if (adds) {
    outcome.engine_wrong = wrong_of_kernels(add_args(c), kernels::add_kernels(), a, b, expected);
  } else {
    outcome.engine_wrong =
        wrong_of_kernels(multiply_args(c), kernels::multiply_kernels(), a, b, expected);
  }
  return outcome;
}

Outcome judge_softmax(const SuiteCase& c) {
  Outcome outcome;
  outcome.outputs = static_cast<std::int64_t>(expected_of(c).values.size());
  outcome.refusal = "softmax on codes; the engine leaves it to floats";
  return outcome;
}

std::span<const Judge> judges() {
  static const std::vector<Judge> list = {
      {"conv_s8", true, judge_linear},        {"conv_s4", true, judge_linear},
      {"depthwise_s8", true, judge_linear},   {"depthwise_s4", true, judge_linear},
      {"fc_s8", true, judge_linear},          {"fc_s4", true, judge_linear},
      {"avgpool_s8", true, judge_pool},       {"maxpool_s8", true, judge_pool},
      {"add_s8", true, judge_elementwise},    {"network", true, judge_network},
      {"mul_s8", true, judge_elementwise},    {"conv_s16", false, judge_linear},
      {"depthwise_s16", false, judge_linear}, {"fc_s16", false, judge_linear},
      {"avgpool_s16", false, judge_pool},     {"maxpool_s16", false, judge_pool},
      {"add_s16", false, judge_elementwise},  {"mul_s16", false, judge_elementwise},
      {"softmax", false, judge_softmax}};
  return list;
}

}  // namespace gradus::cmsis_nn
