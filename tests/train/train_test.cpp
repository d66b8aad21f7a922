#include "gradus/train/train.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradus/prepare/prepare.h"
#include "tests/support/expect_error.h"
#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_dataset.h"
#include "tests/train/small_networks.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::small_network;
using testing_support::TemporaryFolder;
using testing_support::TestRandom;
using testing_support::TinyDataset;

constexpr ImageShape kShape{2, 8, 8};

Recipe quick_recipe(const std::string& preset) {
  Recipe recipe = preset_recipe(preset);
  recipe.training.epochs = 3;
  recipe.training.batch_size = 16;
  recipe.training.lr = 0.05;
  recipe.calibration.images = 64;
  return recipe;
}

Graph prepared(const Recipe& recipe) {
  Graph graph = small_network();
  prepare(graph, recipe);
  return graph;
}

void expect_same_state(const Graph& a, const Graph& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (!a.values[i].constant) continue;
    const auto x = a.values[i].constant->bytes();
    const auto y = b.values[i].constant->bytes();
    EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end())) << a.values[i].name;
  }
  for (std::size_t q = 0; q < a.quantizers.size(); ++q) {
    EXPECT_EQ(a.quantizers[q].parameters, b.quantizers[q].parameters) << "quantizer " << q;
  }
}

TEST(Train, LearnsInFloatAndQuantized) {
  const TinyDataset train_data(320, kShape, 1);
  const TinyDataset test_data(100, kShape, 2);
  for (const char* preset : {"float", "w8a8", "w4a4", "w2a2"}) {
    const Recipe recipe = quick_recipe(preset);
    Graph graph = prepared(recipe);
    const TrainResult result =
        train(graph, recipe, {&train_data, nullptr, &test_data}, {.threads = 1});
    ASSERT_EQ(result.epochs.size(), 3u);
    EXPECT_EQ(result.ptq.has_value(), recipe.quantize);
    EXPECT_LT(result.epochs.back().loss, result.epochs.front().loss) << preset;
    EXPECT_GT(result.epochs.back().test->top1, 0.6) << preset;
    EXPECT_EQ(result.chosen_epoch, 3);
    EXPECT_EQ(result.steps, 60);
  }
}

TEST(Train, ReportsTheAccuracyOfTheEngine) {
  const Recipe recipe = quick_recipe("w4a4");
  Graph graph = prepared(recipe);
  const TinyDataset train_data(160, kShape, 1);
  const TinyDataset test_data(100, kShape, 2);
  const TrainResult result = train(graph, recipe, {&train_data, nullptr, &test_data}, {});
  const Accuracy again = evaluate(graph, test_data, {});
  EXPECT_EQ(again.top1, result.epochs.back().test->top1);
  EXPECT_EQ(again.loss, result.epochs.back().test->loss);
}

// 2N steps are N, a stop, and N more, to the bit.
void expect_exact_resume(const Recipe& recipe, const TrainData& data, std::int64_t stop_at) {
  Graph whole = prepared(recipe);
  const TrainResult expected = train(whole, recipe, data, {.threads = 1});

  const TemporaryFolder folder;
  RunOptions options;
  options.state_file = folder.file("state.safetensors");
  options.resume = true;
  options.threads = 1;
  options.checkpoint_seconds = 0;
  options.max_steps = stop_at;
  Graph graph = prepared(recipe);
  EXPECT_TRUE(train(graph, recipe, data, options).interrupted);
  options.max_steps = 0;
  Graph resumed = prepared(recipe);
  const TrainResult result = train(resumed, recipe, data, options);
  EXPECT_FALSE(result.interrupted);
  expect_same_state(whole, resumed);
  ASSERT_EQ(result.epochs.size(), expected.epochs.size());
  EXPECT_EQ(result.chosen_epoch, expected.chosen_epoch);
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    EXPECT_EQ(result.epochs[i].loss, expected.epochs[i].loss);
    EXPECT_EQ(result.epochs[i].accuracy, expected.epochs[i].accuracy);
  }
}

TEST(Train, ResumesToTheSameBitsWhereverItStopped) {
  const TinyDataset train_data(96, kShape, 1);
  const TinyDataset validation(40, kShape, 3);
  TestRandom random;
  for (const char* preset : {"float", "w8a8", "w4a4"}) {
    for (const char* optimizer : {"sgd", "adam", "adamw", "rmsprop", "adagrad"}) {
      Recipe recipe = quick_recipe(preset);
      recipe.training.optimizer = optimizer;
      if (std::string(optimizer) != "sgd") recipe.training.lr = 0.003;
      recipe.bn_reestimate_batches = 2;
      for (int i = 0; i < 2; ++i) {
        expect_exact_resume(recipe, {&train_data, &validation, nullptr}, random.integer(1, 17));
      }
      expect_exact_resume(recipe, {&train_data, nullptr, nullptr}, 6);  // at the end of an epoch
    }
  }
}

// Mixing hangs on the seed and the step, not on what ran before.
TEST(Train, ResumesToTheSameBitsWithMixedBatches) {
  const TinyDataset train_data(96, kShape, 1);
  const TrainData data{&train_data, nullptr, nullptr};
  Recipe recipe = quick_recipe("w4a4");
  recipe.augmentation.mixup = 0.4;
  recipe.augmentation.cutmix = 1.0;
  recipe.augmentation.mix_probability = 0.8;
  recipe.training.label_smoothing = 0.1;
  for (const std::int64_t stop_at : {1, 6, 11}) expect_exact_resume(recipe, data, stop_at);
  Graph mixed = prepared(recipe);
  const TrainResult with = train(mixed, recipe, data, {.threads = 1});
  recipe.augmentation = {};
  Graph plain = prepared(recipe);
  const TrainResult without = train(plain, recipe, data, {.threads = 1});
  EXPECT_NE(with.epochs[0].loss, without.epochs[0].loss);
  EXPECT_GT(with.epochs[2].loss, without.epochs[2].loss);  // mixed pictures are harder
}

// A process that dies between two checkpoints loses the steps since the last one alone.
TEST(Train, ContinuesFromTheLastCheckpointAfterDying) {
  const TinyDataset train_data(96, kShape, 1);
  const TrainData data{&train_data, nullptr, nullptr};
  const Recipe recipe = quick_recipe("w4a4");
  Graph whole = prepared(recipe);
  train(whole, recipe, data, {.threads = 1});
  struct Death {};
  TestRandom random;
  const TemporaryFolder folder;
  RunOptions options;
  options.state_file = folder.file("state.safetensors");
  options.resume = true;
  options.threads = 1;
  options.checkpoint_steps = 2;
  for (int deaths = 0; deaths < 4; ++deaths) {
    std::int64_t left = random.integer(1, 6);
    options.stop = [&]() -> bool {
      if (--left < 0) throw Death{};
      return false;
    };
    Graph graph = prepared(recipe);
    EXPECT_THROW(train(graph, recipe, data, options), Death);
  }
  options.stop = {};
  Graph resumed = prepared(recipe);
  train(resumed, recipe, data, options);
  expect_same_state(whole, resumed);
}

TEST(Train, FinishesAgainWhatIsFinished) {
  const TinyDataset train_data(48, kShape, 1);
  const Recipe recipe = quick_recipe("w4a4");
  const TemporaryFolder folder;
  RunOptions options;
  options.state_file = folder.file("state.safetensors");
  options.resume = true;
  Graph first = prepared(recipe);
  train(first, recipe, {&train_data, nullptr, nullptr}, options);
  Graph second = prepared(recipe);
  const TrainResult result = train(second, recipe, {&train_data, nullptr, nullptr}, options);
  EXPECT_EQ(result.epochs.size(), 3u);
  expect_same_state(first, second);
}

TEST(Train, KeepsTheEpochThatIsBestOnValidation) {
  const TinyDataset train_data(96, kShape, 1);
  const TinyDataset validation(64, kShape, 3);
  Recipe recipe = quick_recipe("w4a4");
  recipe.training.epochs = 4;
  recipe.training.lr = 0.2;
  recipe.training.schedule = "constant";
  Graph graph = prepared(recipe);
  const TrainResult result = train(graph, recipe, {&train_data, &validation, nullptr}, {});
  double best = result.ptq->top1;
  for (const EpochReport& report : result.epochs) best = std::max(best, report.validation->top1);
  EXPECT_EQ(evaluate(graph, validation, {}).top1, best);
}

TEST(Train, ReturnsTheCalibratedNetworkIfNoEpochBeatsIt) {
  const TinyDataset train_data(96, kShape, 1);
  const TinyDataset validation(64, kShape, 3);
  Recipe recipe = quick_recipe("w8a8");
  Graph graph = prepared(recipe);
  train(graph, recipe, {&train_data, nullptr, nullptr}, {});
  for (Quantizer& quantizer : graph.quantizers) quantizer.parameters = {};
  recipe.training.lr = 100.0;  // ruins it, and stays finite by clipping
  recipe.training.clip_grad_norm = 1.0;
  recipe.training.epochs = 1;
  const TrainResult result = train(graph, recipe, {&train_data, &validation, nullptr}, {});
  ASSERT_LT(result.epochs[0].validation->top1, result.ptq->top1);
  EXPECT_EQ(result.chosen_epoch, 0);
  EXPECT_EQ(evaluate(graph, validation, {}).top1, result.ptq->top1);
}

TEST(Train, FreezesStatisticsAndObserversForTheLastPart) {
  const TinyDataset train_data(64, kShape, 1);
  Recipe recipe = quick_recipe("w8a8");
  recipe.training.epochs = 2;
  recipe.bn_freeze_at = recipe.observer_freeze_at = 0.0;
  Graph graph = prepared(recipe);
  calibrate(graph, recipe, train_data);
  const Graph before = graph;
  train(graph, recipe, {&train_data, nullptr, nullptr}, {});
  const auto mean = [](const Graph& g) {
    const auto values = g.value(g.find_value("bn1.running_mean")).constant->as<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(mean(graph), mean(before));
  for (std::size_t q = 0; q < graph.quantizers.size(); ++q) {
    if (graph.quantizers[q].estimator == "ste") {
      EXPECT_EQ(graph.quantizers[q].parameters, before.quantizers[q].parameters);
    }
  }
}

TEST(Train, NamesEpochAndStepOfALossThatIsNotFinite) {
  const TinyDataset train_data(64, kShape, 1);
  Recipe recipe = quick_recipe("float");
  recipe.training.lr = 1e30;
  Graph graph = prepared(recipe);
  expect_error(ErrorCode::kFailed, {"epoch 1, step", "loss", "training.lr"},
               [&] { train(graph, recipe, {&train_data, nullptr, nullptr}, {}); });
}

TEST(Train, RefusesTheStateOfAnotherRecipeOrNetwork) {
  const TinyDataset train_data(64, kShape, 1);
  Recipe recipe = quick_recipe("w4a4");
  const TemporaryFolder folder;
  RunOptions options;
  options.state_file = folder.file("state.safetensors");
  options.resume = true;
  options.max_steps = 1;
  Graph graph = prepared(recipe);
  train(graph, recipe, {&train_data, nullptr, nullptr}, options);
  Recipe other = recipe;
  other.training.lr = 0.01;
  Graph again = prepared(other);
  expect_error(ErrorCode::kInvalidArgument, {"state.safetensors", "another recipe"},
               [&] { train(again, other, {&train_data, nullptr, nullptr}, options); });
  Graph renamed = prepared(recipe);
  renamed.nodes[0].name = "first";
  expect_error(ErrorCode::kInvalidArgument, {"state.safetensors", "another network"},
               [&] { train(renamed, recipe, {&train_data, nullptr, nullptr}, options); });
}

TEST(Train, ReportsProgressStepByStep) {
  const TinyDataset train_data(64, kShape, 1);
  const Recipe recipe = quick_recipe("w4a4");
  Graph graph = prepared(recipe);
  std::vector<TrainProgress> steps;
  TrainCallbacks callbacks;
  callbacks.progress = [&](const TrainProgress& p) {
    if (p.phase == TrainPhase::kTrain) steps.push_back(p);
  };
  int epochs = 0;
  callbacks.epoch_done = [&](const EpochReport& report) { EXPECT_EQ(report.epoch, ++epochs); };
  train(graph, recipe, {&train_data, nullptr, nullptr}, {}, callbacks);
  ASSERT_EQ(steps.size(), 12u);
  EXPECT_EQ(steps[5].epoch, 2);
  EXPECT_EQ(steps[5].step, 2);
  EXPECT_EQ(steps[5].steps, 4);
  EXPECT_GT(steps[5].images_per_second, 0.0);
  EXPECT_EQ(epochs, 3);
}

TEST(Train, RefusesANetworkThatEndsInSoftmax) {
  GraphBuilder b("softmax", 1);
  const ValueId x = b.flatten("flatten", b.input("input", {-1, 2, 8, 8}));
  Graph graph = b.finish(
      b.node("softmax", "Softmax", {b.linear("fc", x, 4)}, {{"axis", std::int64_t{1}}}), "p");
  const Recipe recipe = quick_recipe("float");
  prepare(graph, recipe);
  const TinyDataset train_data(64, kShape, 1);
  expect_error(ErrorCode::kUnsupported, {"softmax", "logits"},
               [&] { train(graph, recipe, {&train_data, nullptr, nullptr}, {}); });
}

}  // namespace
}  // namespace gradus
