// A whole network of the suite: "LAYER <number> <kind>" lines in order, from input to softmax.
#include <cmath>
#include <stdexcept>

#include "tests/suites/cmsis_nn_layer.h"

namespace gradus::cmsis_nn {
namespace {

std::int32_t narrow(std::int64_t value) { return static_cast<std::int32_t>(value); }

struct Step {
  std::string kind;    // "conv_2d"
  std::string keys;    // "CONV_2D_1_"
  std::string arrays;  // "ds_cnn_s_layer_1_conv_2d_"
};

std::vector<Step> steps_of(const SuiteCase& c) {
  std::vector<Step> steps;
  for (const std::string& line : c.lines("LAYER")) {
    const auto space = line.find(' ');
    if (space == std::string::npos) throw std::runtime_error(c.name() + ": LAYER " + line);
    const std::string number = line.substr(0, space);
    Step step{line.substr(space + 1), "",
              c.name() + "_layer_" + number + "_" + line.substr(space + 1) + "_"};
    for (char letter : step.kind) step.keys += static_cast<char>(std::toupper(letter));
    step.keys += "_" + number + "_";
    steps.push_back(step);
  }
  return steps;
}

// A ChainModel and, step by step, the codes that quant's scalar functions give.
struct Network {
  ChainModel model;
  std::vector<std::int32_t> codes;
};

void add_convolution(const SuiteCase& c, const Step& step, LayerKind kind, Network& network) {
  const Layer layer = read_layer(c, kind, 8, 8, step.keys, step.arrays);
  if (layer.input_zero_point != network.model.last().zero_point) {
    throw std::runtime_error(step.keys + ": its input has another zero point");
  }
  network.codes = scalar_codes(layer, network.codes);
  network.model.add(layer.conv(), narrow(layer.out_h), narrow(layer.out_w), narrow(layer.out_c),
                    layer.output_zero_point);
}

void add_average(const SuiteCase& c, const Step& step, Network& network) {
  const auto value = [&](const char* key) { return narrow(c.integer(step.keys + key)); };
  const QTensor& in = network.model.last();
  if (value("FILTER_Y") != in.height || value("FILTER_X") != in.width) {
    throw std::runtime_error(step.keys + ": only an average of the whole picture is known");
  }
  QPool pool;
  pool.average = true;
  pool.kernel_h = in.height;
  pool.kernel_w = in.width;
  pool.low = value("OUT_ACTIVATION_MIN");
  pool.high = value("OUT_ACTIVATION_MAX");
  const std::int32_t zero_point = value("OUTPUT_OFFSET");
  if (zero_point != in.zero_point) throw std::runtime_error(step.keys + ": changes the zero point");
  std::vector<std::int32_t> averages;
  const auto channels = static_cast<std::size_t>(in.channels);
  const std::int64_t count = std::int64_t{in.height} * in.width;
  for (std::size_t k = 0; k < channels; ++k) {
    std::int64_t sum = 0;
    for (std::size_t i = k; i < network.codes.size(); i += channels) sum += network.codes[i];
    averages.push_back(narrow(std::llround(static_cast<double>(sum) / static_cast<double>(count))));
  }
  network.codes = averages;
  network.model.add(pool, 1, 1, in.channels, zero_point);
}

void add_fully_connected(const SuiteCase& c, const Step& step, Network& network) {
  // The config's channels are those of the input; the arrays say the shape.
  const std::int64_t depth = network.model.last().channels;
  const auto weights = c.array(step.arrays + "weights").integers();
  Layer layer;
  layer.in_c = depth;
  layer.out_c = static_cast<std::int64_t>(weights.size()) / depth;
  layer.weights = weights;
  layer.bias = c.array(step.arrays + "bias").integers();
  layer.input_zero_point = narrow(-c.integer(step.keys + "INPUT_OFFSET"));
  layer.output_zero_point = narrow(c.integer(step.keys + "OUTPUT_OFFSET"));
  layer.multiplier = {narrow(c.integer(step.keys + "OUTPUT_MULTIPLIER"))};
  layer.shift = {narrow(c.integer(step.keys + "OUTPUT_SHIFT"))};
  layer.low = narrow(c.integer(step.keys + "OUT_ACTIVATION_MIN"));
  layer.high = narrow(c.integer(step.keys + "OUT_ACTIVATION_MAX"));
  if (layer.input_zero_point != network.model.last().zero_point) {
    throw std::runtime_error(step.keys + ": its input has another zero point");
  }
  network.codes = scalar_codes(layer, network.codes);
  const QConv conv = layer.conv();
  network.model.add(QFullyConnected{conv.weights, conv.bias, conv.output}, 1, 1,
                    narrow(layer.out_c), layer.output_zero_point);
}

// The int8 softmax of TFLite: scale 1/256, zero point -128. Its own fixed-point exponential may be
// one code beside the real one.
std::int64_t wrong_of_softmax(const SuiteCase& c, const Step& step,
                              std::span<const std::int32_t> logits) {
  const double scale =
      unit_of(c.integer(step.keys + "MULT"), c.integer(step.keys + "SHIFT")) * 0x1p-26;
  const auto expected = c.array(c.name() + "_output_ref").integers();
  if (expected.size() != logits.size()) throw std::runtime_error(c.name() + ": output's size");
  double sum = 0.0;
  for (std::int32_t logit : logits) sum += std::exp(scale * logit);
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double code = std::rint(256.0 * std::exp(scale * logits[i]) / sum) - 128.0;
    wrong += std::fabs(std::min(code, 127.0) - expected[i]) > 1.0 ? 1 : 0;
  }
  return wrong;
}

}  // namespace

Outcome judge_network(const SuiteCase& c) {
  const std::vector<Step> steps = steps_of(c);
  if (steps.size() < 2 || steps.front().kind != "conv_2d" || steps.back().kind != "softmax") {
    throw std::runtime_error(c.name() + ": expected layers from conv_2d to softmax");
  }
  const Layer first = read_layer(c, LayerKind::kConv, 8, 8, steps[0].keys, steps[0].arrays);
  const auto input = c.array(c.name() + "_input").integers();
  Network network{ChainModel(narrow(first.in_h), narrow(first.in_w), narrow(first.in_c), 8,
                             first.input_zero_point),
                  input};
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    const Step& step = steps[i];
    if (step.kind == "conv_2d") {
      add_convolution(c, step, LayerKind::kConv, network);
    } else if (step.kind == "depthwise_conv_2d") {
      add_convolution(c, step, LayerKind::kDepthwise, network);
    } else if (step.kind == "average_pool_2d") {
      add_average(c, step, network);
    } else if (step.kind == "fully_connected") {
      add_fully_connected(c, step, network);
    } else {
      throw std::runtime_error(c.name() + ": a layer of unknown kind " + step.kind);
    }
  }
  Outcome outcome;
  outcome.outputs = static_cast<std::int64_t>(network.codes.size());
  outcome.scalar_wrong = wrong_of_softmax(c, steps.back(), network.codes);
  outcome.engine_wrong = network.model.wrong_codes(input, network.codes);
  return outcome;
}

}  // namespace gradus::cmsis_nn
