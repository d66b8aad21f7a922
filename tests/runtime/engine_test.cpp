#include "gradus/runtime/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/reference.h"
#include "tests/support/expect_error.h"
#include "tests/support/float_examples.h"
#include "tests/support/random.h"
#include "tests/support/random_model.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::random_images;
using testing_support::random_model;
using testing_support::RandomModelOptions;

// Other networks with another GRADUS_TEST_SEED.
std::uint64_t seed_base() { return (testing_support::test_seed() - 1) * 1000000; }

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas;
  for (Isa isa : all_isas()) {
    if (isa_supported(isa)) isas.push_back(isa);
  }
  return isas;
}

// Threads are used however small the model is.
EngineOptions options(Isa isa, int threads, std::int64_t max_batch) {
  return {.threads = threads, .max_batch = max_batch, .isa = isa, .parallel_macs = 0};
}

// Every tensor after every node equals the reference.
void expect_equal(const QModel& model, const std::vector<ReferenceTensor>& expected,
                  std::span<const float> images, std::int64_t batch, const EngineOptions& with) {
  Engine engine(model, with);
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) index[model.tensors[i].name] = i;
  std::size_t seen = 0;
  engine.set_observer([&](const TensorResult& result) {
    const ReferenceTensor& whole = expected[index.at(result.tensor.name)];
    const auto size = static_cast<std::size_t>(elements(result.tensor));
    const std::size_t from = static_cast<std::size_t>(result.first_image) * size;
    const std::size_t count = static_cast<std::size_t>(result.batch) * size;
    if (result.tensor.kind == QTensorKind::kCodes) {
      ASSERT_EQ(result.codes.size(), count);
      ASSERT_TRUE(std::equal(result.codes.begin(), result.codes.end(),
                             whole.codes.begin() + static_cast<std::ptrdiff_t>(from)))
          << "node " << result.node << " of " << model.name;
    } else {
      ASSERT_EQ(result.values.size(), count);
      ASSERT_TRUE(std::equal(result.values.begin(), result.values.end(),
                             whole.values.begin() + static_cast<std::ptrdiff_t>(from)))
          << "node " << result.node << " of " << model.name;
    }
    seen += static_cast<std::size_t>(result.batch);
  });
  std::vector<std::vector<float>> values;
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<OutputBuffer> buffers;
  for (const QTensor& out : engine.outputs()) {
    const auto size = static_cast<std::size_t>(batch * elements(out));
    values.emplace_back(size);
    codes.emplace_back(out.kind == QTensorKind::kCodes ? size : 0);
    buffers.push_back({values.back(), codes.back()});
  }
  engine.run(images, batch, buffers);
  EXPECT_EQ(seen, model.nodes.size() * static_cast<std::size_t>(batch));
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const auto tensor = static_cast<std::size_t>(model.outputs[i]);
    EXPECT_EQ(codes[i], expected[tensor].codes);
    if (!expected[tensor].values.empty()) {
      EXPECT_EQ(values[i], expected[tensor].values);
      continue;
    }
    for (std::size_t k = 0; k < codes[i].size(); ++k) {
      ASSERT_EQ(values[i][k], dequantize(codes[i][k], model.tensors[tensor].scale,
                                         model.tensors[tensor].zero_point));
    }
  }
}

struct Case {
  int threads;
  std::int64_t batch;
  std::int64_t max_batch;
};

void expect_equal_everywhere(const QModel& model, std::span<const Case> cases, std::uint64_t seed) {
  for (const Case& c : cases) {
    const auto images = random_images(model, c.batch, seed);
    const auto expected = run_reference(model, images, c.batch);
    for (Isa isa : supported_isas()) {
      SCOPED_TRACE(model.name + " on " + isa_name(isa) + ", threads " + std::to_string(c.threads) +
                   ", batch " + std::to_string(c.batch));
      expect_equal(model, expected, images, c.batch, options(isa, c.threads, c.max_batch));
    }
  }
}

class EngineOnOperator : public testing::TestWithParam<std::size_t> {};

// Networks of one operator, so that a mistake is found where it is.
TEST_P(EngineOnOperator, EqualsTheReference) {
  const std::vector<Case> cases = {{1, 1, 4}, {2, 7, 4}, {4, 7, 7}};
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    const std::uint64_t seed = seed_base() + trial;
    const QModel model =
        random_model(seed, {.profile = seed % 2 == 0 ? Profile::kIeee32 : Profile::kFixed31,
                            .nodes = 3,
                            .largest_extent = seed % 3 == 0 ? 17 : 7,
                            .largest_channels = seed % 4 == 0 ? 70 : 20,
                            .only = GetParam()});
    expect_equal_everywhere(model, cases, seed);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EngineOnOperator,
                         testing::Range(std::size_t{0}, std::variant_size_v<QOperator>));

TEST(Engine, EqualsTheReferenceOnRandomNetworks) {
  const std::vector<Case> cases = {{1, 7, 3}, {4, 1, 1}, {2, 9, 16}};
  for (std::uint64_t trial = 1000; trial < 1100; ++trial) {
    const std::uint64_t seed = seed_base() + trial;
    const QModel model = random_model(
        seed, {.profile = seed % 2 == 0 ? Profile::kIeee32 : Profile::kFixed31, .nodes = 12});
    expect_equal_everywhere(model, cases, seed);
    if (HasFailure()) return;
  }
}

TEST(Engine, EqualsTheReferenceOnABatchOf64) {
  const std::vector<Case> cases = {{1, 64, 64}, {2, 64, 24}};
  for (std::uint64_t trial = 2000; trial < 2010; ++trial) {
    const std::uint64_t seed = seed_base() + trial;
    expect_equal_everywhere(random_model(seed, {.nodes = 6, .largest_channels = 24}), cases, seed);
  }
}

// A network whose codes are all alike would hide mistakes: the random ones are not like that.
TEST(Engine, IsTestedOnNetworksWhoseCodesDiffer) {
  int varied = 0;
  int tensors = 0;
  for (std::uint64_t seed = 1000; seed < 1100; ++seed) {
    const QModel model = random_model(seed, {.nodes = 12});
    for (const ReferenceTensor& tensor : run_reference(model, random_images(model, 4, seed), 4)) {
      if (tensor.codes.size() < 32) continue;
      ++tensors;
      varied += std::set(tensor.codes.begin(), tensor.codes.end()).size() > 1 ? 1 : 0;
    }
  }
  EXPECT_GE(varied * 10, tensors * 8) << varied << " of " << tensors;
}

TEST(Engine, GivesEveryOutputInOneSpan) {
  const QModel model = random_model(7, {.nodes = 10});
  Engine engine(model);
  const auto images = random_images(model, 5, 7);
  const auto expected = run_reference(model, images, 5);
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  std::vector<float> outputs(5 * size);
  engine.run(images, 5, outputs);
  std::vector<float> wanted;
  for (std::int32_t output : model.outputs) {
    const auto i = static_cast<std::size_t>(output);
    for (std::int32_t code : expected[i].codes) {
      wanted.push_back(dequantize(code, model.tensors[i].scale, model.tensors[i].zero_point));
    }
    wanted.insert(wanted.end(), expected[i].values.begin(), expected[i].values.end());
  }
  EXPECT_EQ(outputs, wanted);
}

TEST(Engine, GivesTheSameResultEveryTime) {
  const QModel model = random_model(8, {.nodes = 10});
  Engine engine(model, options(active_isa(), 2, 4));
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  const auto images = random_images(model, 6, 8);
  std::vector<float> first(6 * size);
  std::vector<float> again(6 * size);
  engine.run(images, 6, first);
  const auto others = random_images(model, 6, 9);
  engine.run(others, 6, again);
  engine.run(images, 6, again);
  EXPECT_EQ(first, again);
}

TEST(Engine, TimesEveryNodeThatRuns) {
  const QModel model = random_model(9, {.nodes = 10});
  Engine engine(model, options(active_isa(), 1, 4));
  std::map<std::size_t, std::int64_t> images_of;
  engine.set_timer([&](std::size_t node, std::int64_t batch, std::int64_t ns) {
    EXPECT_GE(ns, 0);
    images_of[node] += batch;
  });
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  std::vector<float> outputs(6 * size);
  engine.run(random_images(model, 6, 9), 6, outputs);
  for (std::size_t i = 0; i < engine.nodes().size(); ++i) {
    const NodeInfo& info = engine.nodes()[i];
    EXPECT_EQ(images_of[i], info.kernel == "none" ? 0 : 6) << info.name;
    EXPECT_EQ(info.name, model.nodes[i].name);
    EXPECT_STREQ(info.op, operator_name(model.nodes[i].op));
  }
}

TEST(Engine, SaysWhyAFasterKernelWasPassedOver) {
  const Isa isa = active_isa();
  if (isa == Isa::kScalar) GTEST_SKIP() << "this CPU has only scalar kernels";
  bool found = false;
  for (std::uint64_t seed = 0; seed < 60 && !found; ++seed) {
    const QModel model = random_model(seed, {.only = 1});
    const Engine engine(model);
    for (const NodeInfo& info : engine.nodes()) found = found || !info.refusals.empty();
  }
  EXPECT_TRUE(found);
}

TEST(Engine, UsesOnlyTheInstructionSetItWasGiven) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Engine engine(random_model(seed, {.only = 1}), options(Isa::kScalar, 1, 1));
    for (const NodeInfo& info : engine.nodes()) {
      EXPECT_EQ(info.kernel.find("avx"), std::string::npos) << info.kernel;
    }
  }
}

TEST(Engine, RefusesWhatDoesNotFit) {
  const QModel model = random_model(10);
  expect_error(ErrorCode::kInvalidArgument, {"threads is 0"},
               [&] { Engine(model, {.threads = 0}); });
  expect_error(ErrorCode::kInvalidArgument, {"max_batch is 0"},
               [&] { Engine(model, {.max_batch = 0}); });
  QModel wrong = model;
  wrong.outputs.clear();
  expect_error(ErrorCode::kInvalidFile, {"no output"}, [&] { Engine engine(wrong); });

  Engine engine(model);
  auto images = random_images(model, 2, 1);
  std::size_t size = 0;
  for (const QTensor& out : engine.outputs()) size += static_cast<std::size_t>(elements(out));
  std::vector<float> outputs(2 * size);
  const auto refused = [&](std::initializer_list<std::string> words, auto action) {
    expect_error(ErrorCode::kInvalidArgument, words, action);
  };
  refused({"batch is 0"}, [&] { engine.run(images, 0, outputs); });
  std::vector<float> more(3 * size);
  refused({"3 images"}, [&] { engine.run(images, 3, more); });
  refused({"output values"}, [&] { engine.run(images, 2, std::span(outputs).first(1)); });
  refused({"output buffers"}, [&] { engine.run(images, 2, std::span<const OutputBuffer>()); });
  images.back() = std::numeric_limits<float>::quiet_NaN();
  refused({"image 1", "NaN"}, [&] { engine.run(images, 2, outputs); });
  images.back() = std::numeric_limits<float>::infinity();
  EXPECT_NO_THROW(engine.run(images, 2, outputs));
}

// Codes of `in`, the island, codes of `out`.
QModel island_model(const floatops::FloatCall& call) {
  const auto tensor = [](const char* name, const Shape& shape, QTensorKind kind) {
    QTensor t = {.name = name, .kind = kind};
    t.channels = static_cast<std::int32_t>(shape.at(1));
    t.width = shape.size() > 2 ? static_cast<std::int32_t>(shape.back()) : 1;
    t.height = static_cast<std::int32_t>(*element_count(shape) / t.channels / t.width);
    t.grid = {0, 255, false};
    t.scale = 0.02f;
    t.zero_point = 100;
    return t;
  };
  QModel model;
  model.name = call.type;
  const Shape& in = call.inputs.at(0).shape;
  model.tensors = {tensor("input", in, QTensorKind::kFloat), tensor("in", in, QTensorKind::kCodes),
                   tensor("out", call.output, QTensorKind::kCodes),
                   tensor("real", call.output, QTensorKind::kPlanes)};
  // A call with several data inputs reads the same codes in each.
  const auto data = std::count_if(call.inputs.begin(), call.inputs.end(), [](const auto& input) {
    return input.kind == floatops::InputKind::kData;
  });
  const std::vector<std::int32_t> codes(static_cast<std::size_t>(data), 1);
  model.nodes = {{"quantize", QQuantize{}, {0}, 1},
                 {"island", QIsland{call}, codes, 2},
                 {"again", QIsland{call}, codes, 3}};
  model.outputs = {2, 3};
  return model;
}

TEST(Islands, EveryFloatOperatorEqualsTheReference) {
  for (const std::string& type : testing_support::float_op_types()) {
    Rng rng(1);
    const QModel model = island_model(testing_support::example_call(type, rng));
    std::vector<float> images = random_images(model, 3, 1);
    // Away from what roots and logarithms are not defined for.
    for (float& x : images) x = 0.1f + std::min(std::abs(x), 2.0f);
    expect_equal(model, run_reference(model, images, 3), images, 3, options(active_isa(), 2, 2));
  }
}

TEST(Islands, ThatGiveNoNumberWhereCodesAreDueFailByName) {
  Rng rng(1);
  QModel model = island_model(testing_support::example_call("Sqrt", rng));
  const std::vector<float> images(4 * 6 * 8, -1.0f);
  std::vector<float> outputs(2 * images.size());
  Engine engine(model);
  expect_error(ErrorCode::kFailed, {"node 'island' (float Sqrt)", "not a number"},
               [&] { engine.run(images, 1, outputs); });
  const std::vector<float> good(images.size(), 1.0f);
  EXPECT_NO_THROW(engine.run(good, 1, outputs));  // and the engine stays usable
  EXPECT_NEAR(outputs[0], 1.0f, 0.02f);
}

}  // namespace
}  // namespace gradus
