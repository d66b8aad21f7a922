#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/cli/command.h"
#include "gradus/cli/integer_network.h"
#include "gradus/data/npy.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string input;
  std::string output;
  int threads = 1;
};

// The array's shape as [N, C, H, W]: one picture may come alone, axes of size 1 at the end be left
// out, as may the height of what runs along time.
std::optional<Shape> as_batch(Shape shape, const QTensor& expected) {
  const Shape image = {expected.channels, expected.height, expected.width};
  if (shape == image) return Shape{1, image[0], image[1], image[2]};
  if (shape.size() == 3 && expected.height == 1) shape.insert(shape.begin() + 2, 1);
  if (shape.size() == 2 && expected.height == 1 && expected.width == 1)
    shape.insert(shape.end(), 2, 1);
  const bool fits = shape.size() == 4 && shape[0] >= 1 &&
                    std::equal(image.begin(), image.end(), shape.begin() + 1);
  return fits ? std::optional(shape) : std::nullopt;
}

std::int64_t check_input(const Options& options, const NpyArray& input, const QTensor& expected) {
  const auto shape = as_batch(input.shape, expected);
  if (!shape) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: has shape {}; {} takes {}", options.input, to_string(input.shape),
                    options.model,
                    to_string(Shape{-1, expected.channels, expected.height, expected.width})));
  }
  if (std::any_of(input.values.begin(), input.values.end(),
                  [](float x) { return std::isnan(x); })) {
    throw Error(ErrorCode::kInvalidFile, options.input + ": holds NaN; expected numbers");
  }
  return shape->at(0);
}

// y.npy; of several outputs y.1.npy, y.2.npy, ...
std::string output_path(const std::string& path, std::size_t i, std::size_t count) {
  if (count == 1) return path;
  const std::filesystem::path whole(path);
  return (whole.parent_path() /
          (whole.stem().string() + fmt::format(".{}", i + 1) + whole.extension().string()))
      .string();
}

void run(const Options& options, Console& console) {
  const QModel model = load_integer_network(options.model);
  const NpyArray input = load_npy(options.input);
  const std::int64_t images =
      check_input(options, input, model.tensors[static_cast<std::size_t>(model.input)]);
  EngineOptions settings;
  settings.threads = options.threads;
  settings.max_batch = std::min<std::int64_t>(images, 64);
  Engine engine(model, settings);
  std::vector<std::vector<float>> values;
  std::vector<OutputBuffer> buffers;
  for (const QTensor& out : engine.outputs()) {
    values.emplace_back(static_cast<std::size_t>(images * elements(out)));
    buffers.push_back({values.back(), {}});
  }
  engine.run(input.values, images, buffers);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const QTensor& out = engine.outputs()[i];
    const Shape result = out.height == 1 && out.width == 1
                             ? Shape{images, out.channels}
                             : Shape{images, out.channels, out.height, out.width};
    const std::string path = output_path(options.output, i, values.size());
    save_npy(path, result, values[i]);
    console.result("ran",
                   {{"images", json_number(images)},
                    {"output", json_text(path)},
                    {"name", json_text(out.name)}},
                   fmt::format("{}: {} of '{}'", path, to_string(result), out.name));
  }
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("model", options->model,
                 "A model.gradus, or a RUN folder or quantized .onnx to convert first")
      ->required();
  app.add_option("--input", options->input, "A .npy of preprocessed pictures, [N, C, H, W]")
      ->required();
  app.add_option("--output", options->output,
                 "The .npy to write; one an output, numbered, where there are several")
      ->required();
  app.add_option("--threads", options->threads, "Threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command run_command() {
  return {"run", "Run an integer network on an array",
          "  gradus run model.gradus --input x.npy --output y.npy\n"
          "  gradus run quantized.onnx --input x.npy --output y.npy\n",
          declare};
}

}  // namespace gradus
