#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gradus/capi/picture_reader.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "tests/capi/handles.h"
#include "tests/capi/picture_model.h"
#include "tests/support/random.h"
#include "tests/support/random_model.h"

namespace gradus {
namespace {

using testing_support::ModelHandle;
using testing_support::open;
using testing_support::parse;
using testing_support::picture_model;
using testing_support::random_images;
using testing_support::random_model;
using testing_support::SessionHandle;

// Floats and codes of every output, at every number of threads and slice of the batch.
TEST(Session, GivesWhatTheEngineGives) {
  constexpr std::int64_t kBatch = 5;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const QModel model = random_model(seed + 100 * testing_support::test_seed());
    const ModelHandle handle = parse(model);
    const auto images = random_images(model, kBatch, seed);
    Engine engine(model);
    std::vector<std::vector<float>> values;
    std::vector<std::vector<std::int32_t>> codes;
    for (const QTensor& out : engine.outputs()) {
      const auto size = static_cast<std::size_t>(kBatch * elements(out));
      values.emplace_back(size);
      codes.emplace_back(out.kind == QTensorKind::kCodes ? size : 0);
    }
    std::vector<OutputBuffer> buffers;
    for (std::size_t i = 0; i < values.size(); ++i) buffers.push_back({values[i], codes[i]});
    engine.run(images, kBatch, buffers);

    for (const auto& [threads, max_batch] : {std::pair{1, 1}, {2, 2}, {3, 8}}) {
      const SessionHandle session = open(handle, threads, max_batch);
      std::vector<std::vector<float>> got_values;
      std::vector<std::vector<std::int32_t>> got_codes;
      for (std::size_t i = 0; i < values.size(); ++i) {
        got_values.emplace_back(values[i].size() + 3,
                                -7.0f);  // more room than needed is left alone
        got_codes.emplace_back(codes[i].size());
      }
      std::vector<gradus_output> outputs;
      for (std::size_t i = 0; i < values.size(); ++i) {
        outputs.push_back({got_values[i].data(), got_values[i].size(),
                           got_codes[i].empty() ? nullptr : got_codes[i].data(),
                           got_codes[i].size()});
      }
      gradus_error error{};
      ASSERT_EQ(
          gradus_run(session.get(), images.data(), kBatch, outputs.data(), outputs.size(), &error),
          GRADUS_OK)
          << error.text;
      for (std::size_t i = 0; i < values.size(); ++i) {
        for (int k = 0; k < 3; ++k) values[i].push_back(-7.0f);
        EXPECT_EQ(got_values[i], values[i]) << "seed " << seed << " output " << i;
        values[i].resize(values[i].size() - 3);
        EXPECT_EQ(got_codes[i], codes[i]) << "seed " << seed << " output " << i;
      }
    }
  }
}

struct Photographs {
  std::vector<std::vector<std::uint8_t>> pixels;
  std::vector<gradus_picture> pictures;
};

Photographs photographs(int count, int channels) {
  testing_support::TestRandom random;
  Photographs result;
  for (int i = 0; i < count; ++i) {
    const int width = random.integer(9, 40);
    const int height = random.integer(9, 40);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.integer(0, 255));
    result.pixels.push_back(std::move(bytes));
    result.pictures.push_back({result.pixels.back().data(), width, height, 0});
  }
  return result;
}

TEST(Session, RunsPicturesAsTheMetadataSays) {
  for (int channels : {1, 3}) {
    const QModel model = picture_model(8, channels,
                                       {{"resize", "9"},
                                        {"crop", "8"},
                                        {"std", "0.25"},
                                        {"scale", "1"},
                                        {"mean", channels == 3 ? "0.5/0.4/0.3" : "0.5"},
                                        {"order", channels == 3 ? "bgr" : "rgb"}});
    const ModelHandle handle = parse(model);
    const Photographs photos = photographs(7, channels);
    std::vector<float> expected(7 * 10);
    Engine engine(model);
    PictureReader reader(*stored_preprocessing(model.metadata), engine.input());
    std::vector<float> image(static_cast<std::size_t>(64 * channels));
    for (std::size_t i = 0; i < 7; ++i) {
      const gradus_picture& picture = photos.pictures[i];
      reader.read({picture.pixels, picture.width, picture.height, channels,
                   std::ptrdiff_t{picture.width} * channels},
                  image);
      engine.run(image, 1, std::span(expected).subspan(i * 10, 10));
    }
    EXPECT_NE(std::vector<float>(expected.begin(), expected.begin() + 10),
              std::vector<float>(expected.end() - 10, expected.end()));
    for (int max_batch : {1, 3, 16}) {
      const SessionHandle session = open(handle, 2, max_batch);
      std::vector<float> values(expected.size());
      const gradus_output output = {values.data(), values.size(), nullptr, 0};
      gradus_error error{};
      ASSERT_EQ(gradus_run_pictures(session.get(), photos.pictures.data(), 7, &output, 1, &error),
                GRADUS_OK)
          << error.text;
      EXPECT_EQ(values, expected) << "max_batch " << max_batch;
    }
  }
}

TEST(Session, OutlivesItsModel) {
  const QModel model = random_model(3);
  ModelHandle handle = parse(model);
  const SessionHandle session = open(handle);
  handle.reset();
  const auto images = random_images(model, 1, 1);
  std::vector<gradus_output> outputs(model.outputs.size());
  EXPECT_EQ(gradus_run(session.get(), images.data(), 1, outputs.data(), outputs.size(), nullptr),
            GRADUS_OK);
}

TEST(Session, OneAtATimeAndAsManyAsWanted) {
  const QModel model = picture_model(32, 3, {{"scale", "1"}});
  const ModelHandle handle = parse(model);
  const auto images = random_images(model, 64, 1);
  std::vector<float> expected(640);
  Engine(model).run(images, 64, expected);
  // Sessions of one model beside each other.
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const SessionHandle own = open(handle);
      std::vector<float> values(640);
      const gradus_output output = {values.data(), values.size(), nullptr, 0};
      if (gradus_run(own.get(), images.data(), 64, &output, 1, nullptr) != GRADUS_OK) return;
      if (values == expected) ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 4);
  // One session from two threads: every call gives the right answer or is refused, and some is.
  threads.clear();
  const SessionHandle session = open(handle);
  std::atomic<bool> refused{false};
  std::atomic<int> wrong{0};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      std::vector<float> values(640);
      const gradus_output output = {values.data(), values.size(), nullptr, 0};
      for (int round = 0; round < 2000 && !refused; ++round) {
        const auto status = gradus_run(session.get(), images.data(), 64, &output, 1, nullptr);
        if (status == GRADUS_BUSY)
          refused = true;
        else if (status != GRADUS_OK || values != expected)
          ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(refused);
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gradus
