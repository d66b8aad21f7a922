#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/command.h"
#include "gradus/cli/integer_network.h"
#include "gradus/data/npy.h"
#include "gradus/runtime/engine.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string input;
  std::string output;
  int threads = 1;
};

void run(const Options& options, Console& console) {
  const QModel model = load_integer_network(options.model);
  const NpyArray input = load_npy(options.input);
  const QTensor& expected = model.tensors[static_cast<std::size_t>(model.input)];
  Shape shape = input.shape;
  if (shape.size() == 3) shape.insert(shape.begin(), 1);
  const Shape wanted = {-1, expected.channels, expected.height, expected.width};
  if (shape.size() != 4 || shape[0] < 1 ||
      !std::equal(shape.begin() + 1, shape.end(), wanted.begin() + 1)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: has shape {}; {} takes {}", options.input, to_string(input.shape),
                            options.model, to_string(wanted)));
  }
  if (std::any_of(input.values.begin(), input.values.end(), [](float x) { return std::isnan(x); })) {
    throw Error(ErrorCode::kInvalidFile, options.input + ": holds NaN; expected numbers");
  }
  EngineOptions settings;
  settings.threads = options.threads;
  settings.max_batch = std::min<std::int64_t>(shape[0], 64);
  Engine engine(model, settings);
  const QTensor& out = model.tensors[static_cast<std::size_t>(model.outputs.at(0))];
  const std::int64_t size = std::int64_t{out.channels} * out.height * out.width;
  std::vector<float> values(static_cast<std::size_t>(shape[0] * size));
  engine.run(input.values, shape[0], values);
  const Shape result = out.height == 1 && out.width == 1
                           ? Shape{shape[0], out.channels}
                           : Shape{shape[0], out.channels, out.height, out.width};
  save_npy(options.output, result, values);
  console.result("ran", {{"images", json_number(shape[0])}, {"output", json_text(options.output)}},
                 fmt::format("{}: {} of '{}'", options.output, to_string(result), out.name));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "A model.gradus, or a RUN folder or quantized .onnx to convert first")->required();
  app.add_option("--input", options->input, "A .npy of preprocessed pictures, [N, C, H, W]")->required();
  app.add_option("--output", options->output, "The .npy to write")->required();
  app.add_option("--threads", options->threads, "Threads")->check(CLI::Range(1, 256))
      ->capture_default_str();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command run_command() {
  return {"run", "Run an integer network on an array",
          "  gradus run model.gradus --input x.npy --output y.npy\n"
          "  gradus run quantized.onnx --input x.npy --output y.npy\n", declare};
}

}  // namespace gradus
