// Whole networks from float to the engine: import, 8 bits after training, convert, and every code
// of the engine against the evaluation's. Every .onnx of the suites and models that are there, and
// every architecture of the zoo.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <iostream>

#include "gradus/cli/training/verification.h"
#include "gradus/convert/convert.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/train/calibrate.h"
#include "gradus/zoo/zoo.h"
#include "tests/suites/onnx_light.h"
#include "tests/support/suite_case.h"
#include "tests/support/tiny_dataset.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

// One picture to calibrate on and to compare on: the largest of these networks have 20 billion
// multiply-adds.
void expect_no_code_differs(const std::string& name, Graph graph) {
  const auto start = std::chrono::steady_clock::now();
  Recipe recipe = preset_recipe("w8a8");
  recipe.calibration.images = 1;
  recipe.calibration.batch_size = 1;
  prepare(graph, recipe);
  const Shape in = *graph.value(graph.inputs.at(0)).shape;
  const testing_support::TinyDataset data(1, {in.at(1), in.at(2), in.at(3)});
  calibrate(graph, recipe, data);
  const std::vector<Island> found = islands(graph);
  const QModel model = convert(graph, {});
  VerifyOptions options;
  options.batch = 1;
  const Verification result = verify(graph, model, data, options);
  EXPECT_EQ(result.differing, 0) << name << ": " << result.first;
  EXPECT_GT(result.codes, 1000) << name;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  std::cout << name << ": " << result.differing << " of " << result.codes << " codes differ in "
            << result.tensors << " tensors; " << found.size() << " islands";
  for (const Island& island : found) std::cout << " " << island.op;
  std::cout << "; " << time.count() << " s\n";
}

TEST(WholeNetworks, OnnxLightWithSeededWeightsGivesTheEvaluationsCodes) {
  const auto paths = testing_support::onnx_light_networks();
  if (paths.empty()) GTEST_SKIP() << "suite onnx-light is not there";
  for (const fs::path& path : paths) {
    ImportOptions options;
    options.constants = testing_support::seeded_weights(path);
    expect_no_code_differs(path.stem().string(), import_onnx(path.string(), options));
  }
}

TEST(WholeNetworks, TrainedModelsGiveTheEvaluationsCodes) {
  const fs::path folder =
      testing_support::suite_folder("onnx-light").parent_path().parent_path() / "models";
  if (!fs::is_directory(folder)) GTEST_SKIP() << folder << " is not there";
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    expect_no_code_differs(entry.path().stem().string(), import_onnx(entry.path().string()));
  }
}

TEST(WholeNetworks, TheZooGivesTheEvaluationsCodes) {
  for (const ZooModel& model : zoo_models()) {
    expect_no_code_differs(model.name, model.build({}));
  }
}

}  // namespace
}  // namespace gradus
