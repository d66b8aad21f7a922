#include "gradus/run/run.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/graph/builder.h"
#include "gradus/prepare/prepare.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

Graph network() {
  GraphBuilder b("net", 3);
  ValueId x = b.input("input", {-1, 3, 8, 8});
  x = b.relu("relu1", b.batch_norm("bn1", b.conv("conv1", x, 4, {.kernel = 3, .padding = 1})));
  ValueId y = b.batch_norm("bn2", b.conv("conv2", x, 4, {.kernel = 3, .padding = 1}));
  x = b.relu6("relu2", b.add("add", x, y));
  return b.finish(b.linear("fc", b.flatten("flat", b.global_average_pool("pool", x)), 5), "logits");
}

// Something in every quantizer, and weights that are not the network's.
void train_a_little(Graph& graph) {
  for (Value& value : graph.values) {
    if (value.constant && value.constant->dtype() == DType::kFloat32) {
      for (float& x : value.constant->as<float>()) x += 0.25f;
    }
    if (value.quantizer == kNoQuantizer) continue;
    Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(value.quantizer)];
    const auto size =
        static_cast<std::size_t>(quantizer.spec.per_channel ? value.constant->shape()[0] : 1);
    quantizer.parameters = {std::vector<float>(size, 0.5f), std::vector<std::int32_t>(size, 0)};
  }
}

void expect_same_state(const Graph& a, const Graph& b) {
  ASSERT_EQ(a.values.size(), b.values.size());
  for (const Value& value : a.values) {
    const Value& other = b.value(b.find_value(value.name));
    ASSERT_EQ(value.constant.has_value(), other.constant.has_value()) << value.name;
    if (value.constant) {
      EXPECT_TRUE(std::ranges::equal(value.constant->bytes(), other.constant->bytes()));
    }
    ASSERT_EQ(value.quantizer == kNoQuantizer, other.quantizer == kNoQuantizer) << value.name;
    if (value.quantizer == kNoQuantizer) continue;
    EXPECT_EQ(a.quantizers[static_cast<std::size_t>(value.quantizer)].parameters,
              b.quantizers[static_cast<std::size_t>(other.quantizer)].parameters);
  }
}

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("gradus_run_" + std::to_string(::getpid()));
    fs::create_directories(root_);
    folder_ = (root_ / "run").string();
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string refusal() const {
    try {
      load_run(folder_);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }
  void make(const Recipe& recipe) const {
    create_run(folder_, network(), recipe, {{"data.pixels.scale", "255"}});
    Graph graph = load_run_for_training(folder_).graph;
    train_a_little(graph);
    save_run_state(folder_, graph);
  }

  fs::path root_;
  std::string folder_;
};

TEST_F(RunTest, ComesBackWithItsResult) {
  for (const char* name : {"w4a4", "w1a2", "w8a32", "float"}) {
    fs::remove_all(folder_);
    Recipe recipe = preset_recipe(name);
    recipe.training.epochs = 3;
    create_run(folder_, network(), recipe, {{"a", "b \"c\" \n"}});
    Graph graph = network();
    prepare(graph, recipe);
    train_a_little(graph);
    save_run_state(folder_, graph);
    const LoadedRun run = load_run(folder_);
    EXPECT_EQ(run.recipe, recipe);
    EXPECT_EQ(run.metadata.at("a"), "b \"c\" \n");
    expect_same_state(run.graph, graph);
  }
}

TEST_F(RunTest, IsReadyForTrainingBeforeItHasAResult) {
  create_run(folder_ + "/", network(), preset_recipe("w4a4"), {});
  const LoadedRun run = load_run_for_training(folder_);
  EXPECT_FALSE(run.graph.quantizers.empty());
  EXPECT_NE(refusal().find("the training has not finished"), std::string::npos);
}

TEST_F(RunTest, GivesATrainedFloatNetworkInNormalForm) {
  make(preset_recipe("float"));
  const LoadedRun run = load_run(folder_);
  std::map<std::string, std::string> metadata;
  Graph trained = load_trained_float(folder_, nullptr, &metadata);
  EXPECT_EQ(metadata.at("data.pixels.scale"), "255");
  // It can be a RUN's network itself, and is the same again once prepared.
  create_run(folder_ + "2", trained, preset_recipe("float"), {});
  expect_same_state(load_run_for_training(folder_ + "2").graph, run.graph);
  prepare(trained, preset_recipe("w4a4"));
  EXPECT_FALSE(trained.quantizers.empty());
}

TEST_F(RunTest, RefusesToTakeAQuantizedNetworkForFloat) {
  make(preset_recipe("w4a4"));
  EXPECT_THROW(load_trained_float(folder_, nullptr, nullptr), Error);
}

TEST_F(RunTest, NeverOverwritesAndNeverLeavesHalfAFolder) {
  make(preset_recipe("w4a4"));
  EXPECT_THROW(create_run(folder_, network(), preset_recipe("w4a4"), {}), Error);
  EXPECT_THROW(create_run((root_ / "no" / "where").string(), network(), Recipe{}, {}), Error);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{512, before.rlim_max};
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(create_run(folder_ + "2", network(), Recipe{}, {}), Error);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), {}), 1);
}

TEST_F(RunTest, NamesTheFileThatIsMissing) {
  EXPECT_NE(refusal().find("is no RUN folder"), std::string::npos);
  for (const char* file : {"recipe.yaml", "metadata.json", "checkpoint.safetensors"}) {
    fs::remove_all(folder_);
    make(preset_recipe("w4a4"));
    fs::remove(fs::path(folder_) / file);
    EXPECT_NE(refusal().find(file), std::string::npos) << file;
  }
}

TEST_F(RunTest, RefusesFilesThatAreCutShort) {
  make(preset_recipe("w4a4"));
  for (const char* file : {"model.onnx", "metadata.json", "checkpoint.safetensors"}) {
    const std::string path = folder_ + "/" + file;
    const std::string whole = read_text_file(path, 1 << 24);
    for (std::size_t size : {std::size_t{0}, whole.size() / 2, whole.size() - 3}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
      EXPECT_NE(refusal().find(file), std::string::npos) << file << " of " << size << " bytes";
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
  }
  EXPECT_EQ(refusal(), "");
}

TEST_F(RunTest, RefusesTheResultOfAnotherRecipe) {
  make(preset_recipe("w4a4"));
  fs::rename(folder_, folder_ + "4");
  make(preset_recipe("w3a3"));
  fs::copy_file(folder_ + "4/checkpoint.safetensors", folder_ + "/checkpoint.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(refusal().find("recipe.yaml: is damaged or was changed"), std::string::npos);
}

// One bit of the weights, of a number in the recipe, of a preprocessing: files that stay sound.
TEST_F(RunTest, RefusesFilesThatChangedAfterTheResult) {
  make(preset_recipe("w4a4"));
  for (const char* file : {"model.onnx", "recipe.yaml", "metadata.json"}) {
    const std::string path = folder_ + "/" + file;
    const std::string whole = read_text_file(path, 1 << 24);
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 40) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      std::ofstream(path, std::ios::binary | std::ios::trunc) << changed;
      EXPECT_NE(refusal().find(std::string(file) + ": is damaged or was changed"),
                std::string::npos)
          << file << " at " << at;
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole;
  }
  EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace gradus
