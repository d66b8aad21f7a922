// Imported, exported again, and run by onnxruntime beside the original: the outputs must be equal.
// Needs a Python with onnx, onnxruntime and numpy: GRADUS_PYTHON, else python3.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/onnx/onnx.h"
#include "gradus/zoo/zoo.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::TemporaryFolder;

std::string python() {
  const char* named = std::getenv("GRADUS_PYTHON");
  return named != nullptr ? named : "python3";
}

bool run_script(const std::string& arguments) {
  return std::system((python() + " " + GRADUS_ONNXRUNTIME_SCRIPT + " " + arguments).c_str()) == 0;
}

class Onnxruntime : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system((python() + " -c 'import numpy, onnx, onnxruntime' 2>/dev/null").c_str()) !=
        0) {
      GTEST_SKIP() << python() << " has no onnxruntime; set GRADUS_PYTHON";
    }
    std::filesystem::create_directories(folder_.path() + "/original");
    std::filesystem::create_directories(folder_.path() + "/ours");
  }
  TemporaryFolder folder_;
};

TEST_F(Onnxruntime, AcceptsEveryZooModel) {
  for (const auto& model : zoo_models()) {
    export_onnx(model.build({}), folder_.file("ours/" + model.name + ".onnx"));
  }
  EXPECT_TRUE(run_script("check " + folder_.file("ours")));
}

TEST_F(Onnxruntime, ComputesTheSameFromOurExportOfTheGivenModels) {
  const char* data = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  const std::string models =
      (data != nullptr ? std::string(data) : std::string(home ? home : "") + "/.cache/gradus") +
      "/models";
  if (!std::filesystem::exists(models)) GTEST_SKIP() << models << " is not there";
  for (const auto& entry : std::filesystem::directory_iterator(models)) {
    if (entry.path().extension() != ".onnx") continue;
    export_onnx(import_onnx(entry.path().string()),
                folder_.file("ours/" + entry.path().filename().string()));
  }
  EXPECT_TRUE(run_script("compare " + models + " " + folder_.file("ours")));
}

// One small network for each form that import changes; the script writes them.
TEST_F(Onnxruntime, ComputesTheSameInEveryNormalForm) {
  ASSERT_TRUE(run_script("make " + folder_.file("original")));
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/original")) {
    SCOPED_TRACE(entry.path());
    try {
      export_onnx(import_onnx(entry.path().string()),
                  folder_.file("ours/" + entry.path().filename().string()));
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    ++cases;
  }
  EXPECT_GT(cases, 20);
  EXPECT_TRUE(run_script("compare " + folder_.file("original") + " " + folder_.file("ours")));
}

}  // namespace
}  // namespace gradus
