#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/base/nearest_name.h"
#include "gradus/cli/command.h"
#include "gradus/graph/cost.h"
#include "gradus/onnx/onnx.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

struct Options {
  std::string model;
  std::string output;
  std::uint64_t seed = 1;
  std::int64_t classes = 0;
};

const ZooModel& find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& model : zoo_models()) {
    if (name == model.name) return model;
    names.emplace_back(model.name);
  }
  const std::string near = nearest_name(name, names);
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("model '{}' is not in the zoo; {}expected one of {}", name,
                          near.empty() ? "" : "did you mean '" + near + "'? ",
                          fmt::join(names, ", ")));
}

void run(const Options& options, Console& console) {
  const ZooModel& model = find_model(options.model);
  ZooOptions zoo;
  zoo.seed = options.seed;
  zoo.classes = options.classes;
  const Graph graph = model.build(zoo);
  export_onnx(graph, options.output);
  const Cost cost = graph_cost(graph);
  console.result("init", {{"output", json_text(options.output)}, {"parameters", json_number(cost.parameters)},
                          {"macs", json_number(cost.macs)}},
                 fmt::format("{}: {}, {:.2f} M parameters, {:.1f} M multiply-adds an image", options.output,
                             model.name, static_cast<double>(cost.parameters) / 1e6,
                             static_cast<double>(cost.macs) / 1e6));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  std::string names;
  for (const auto& model : zoo_models()) {
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", model.name, model.help);
  }
  app.add_option("model", options->model, "A model of the zoo: " + names)->required();
  app.add_option("-o,--output", options->output, "The .onnx file to write")->required();
  app.add_option("--seed", options->seed, "Seed of the random weights")->capture_default_str();
  app.add_option("--classes", options->classes, "Number of classes (0: as published)")
      ->check(CLI::Range(0, 100000));
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command init_command() {
  return {"init", "Write a model of the zoo, with random weights, as ONNX",
          "  gradus init resnet20 -o resnet20.onnx\n"
          "  gradus init small --classes 10 -o small.onnx\n",
          declare};
}

}  // namespace gradus
