// What gradus.h refuses, and that nothing is written then.
#include <gtest/gtest.h>

#include <cstddef>
#include <limits>

#include "tests/capi/handles.h"
#include "tests/capi/picture_model.h"

namespace gradus {
namespace {

using testing_support::expect_failure;
using testing_support::ModelHandle;
using testing_support::open;
using testing_support::parse;
using testing_support::picture_model;
using testing_support::SessionHandle;

// What a session refuses, on a model of 3 x 8 x 8 pixels with one output of 10 floats.
class Refusal : public ::testing::Test {
 protected:
  Refusal() : handle_(parse(picture_model(8, 3, {{"scale", "1"}}))), session_(open(handle_)) {}

  gradus_output output() { return {values_.data(), values_.size(), nullptr, 0}; }
  void expect_refused(gradus_status status, const std::string& word) {
    expect_failure(status, error_, GRADUS_INVALID_ARGUMENT, word);
    EXPECT_EQ(values_, std::vector<float>(20, -1.0f)) << "an output was written";
  }

  ModelHandle handle_;
  SessionHandle session_;
  std::vector<float> images_ = std::vector<float>(2 * 3 * 8 * 8, 0.5f);
  std::vector<float> values_ = std::vector<float>(20, -1.0f);
  std::vector<std::int32_t> codes_ = std::vector<std::int32_t>(20, 0);
  gradus_error error_{};
};

TEST_F(Refusal, OfFloatsThatDoNotFit) {
  const auto run = [&](std::size_t batch, const gradus_output* outputs, std::size_t count) {
    return gradus_run(session_.get(), images_.data(), batch, outputs, count, &error_);
  };
  gradus_output out = output();
  expect_refused(run(0, &out, 1), "0 images; expected 1 to");
  expect_refused(run(SIZE_MAX, &out, 1), "images; expected 1 to");
  expect_refused(run(1, &out, 0), "0 outputs given; the network has 1");
  expect_refused(run(1, nullptr, 1), "0 outputs given; the network has 1");
  out.value_count = 19;
  expect_refused(run(2, &out, 1), "output 'logits' has room for 19 values; expected 20");
  out = {nullptr, 0, codes_.data(), codes_.size()};
  expect_refused(run(1, &out, 1), "output 'logits' has no codes");
  out = output();
  images_[3 * 8 * 8 + 5] = std::numeric_limits<float>::quiet_NaN();
  expect_refused(run(2, &out, 1), "image 1 of the batch holds NaN");
  EXPECT_EQ(run(1, &out, 1), GRADUS_OK);
}

TEST_F(Refusal, OfPicturesThatDoNotFit) {
  const gradus_output out = output();
  const std::vector<std::uint8_t> pixels(9 * 9 * 3);
  // The second is wrong: the first must not run either.
  std::vector<gradus_picture> pictures = {{pixels.data(), 8, 8, 0}, {pixels.data(), 9, 8, 0}};
  const auto run = [&] {
    return gradus_run_pictures(session_.get(), pictures.data(), 2, &out, 1, &error_);
  };
  expect_refused(run(), "picture 1: comes out 9x8 pixels; the network takes 8x8");
  pictures[1] = {nullptr, 8, 8, 0};
  expect_refused(run(), "picture 1: pixels is null");
  pictures[1] = {pixels.data(), 8, 8, -24};
  expect_refused(run(), "picture 1: row_stride -24");
  pictures[1] = {pixels.data(), 8, INT32_MIN, 0};
  expect_refused(run(), "picture 1: is 8x-2147483648 pixels");
  pictures[1] = {pixels.data(), 8, 8, 27};
  EXPECT_EQ(run(), GRADUS_OK);
}

TEST_F(Refusal, OfNullArguments) {
  const gradus_output out = output();
  gradus_model* model = nullptr;
  gradus_session* session = nullptr;
  const gradus_picture picture{};
  expect_refused(gradus_model_load(nullptr, &model, &error_), "null");
  expect_refused(gradus_model_load("x", nullptr, &error_), "null");
  expect_refused(gradus_model_parse(nullptr, 4, &model, &error_), "null");
  expect_refused(gradus_session_create(nullptr, nullptr, &session, &error_), "null");
  expect_refused(gradus_session_create(handle_.get(), nullptr, nullptr, &error_), "null");
  expect_refused(gradus_run(nullptr, images_.data(), 1, &out, 1, &error_), "null");
  expect_refused(gradus_run(session_.get(), nullptr, 1, &out, 1, &error_), "null");
  expect_refused(gradus_run_pictures(nullptr, &picture, 1, &out, 1, &error_), "null");
  expect_refused(gradus_run_pictures(session_.get(), nullptr, 1, &out, 1, &error_), "null");
  EXPECT_EQ(gradus_run(nullptr, nullptr, 1, &out, 1, nullptr), GRADUS_INVALID_ARGUMENT);
  EXPECT_EQ(gradus_model_input(nullptr), nullptr);
  EXPECT_EQ(gradus_model_output(nullptr, 0), nullptr);
  EXPECT_EQ(gradus_model_metadata_count(nullptr), 0u);
  EXPECT_EQ(gradus_model_metadata_key(nullptr, 0), nullptr);
  EXPECT_EQ(gradus_model_metadata(handle_.get(), nullptr), nullptr);
  gradus_model_free(nullptr);
  gradus_session_free(nullptr);
}

TEST_F(Refusal, OfOptionsOutOfRange) {
  gradus_session* session = nullptr;
  const auto create = [&](const gradus_options& options) {
    return gradus_session_create(handle_.get(), &options, &session, &error_);
  };
  const auto with = [](auto change) {
    gradus_options options = GRADUS_OPTIONS_INIT;
    change(options);
    return options;
  };
  expect_refused(create(with([](auto& o) { o.threads = -1; })), "threads");
  expect_refused(create(with([](auto& o) { o.threads = 257; })), "threads");
  expect_refused(create(with([](auto& o) { o.max_batch = -1; })), "max_batch is -1");
  expect_refused(create(with([](auto& o) { o.max_batch = 65537; })), "max_batch is 65537");
  expect_refused(create(with([](auto& o) { o.isa = "avx9"; })), "avx9");
  expect_refused(create(with([](auto& o) { o.struct_size = 0; })), "struct_size is 0");
  EXPECT_EQ(session, nullptr);
  // Of a library that knows no instruction sets yet: the fields that it has.
  EXPECT_EQ(create(with([](auto& o) { o.struct_size = offsetof(gradus_options, isa); })),
            GRADUS_OK);
  gradus_session_free(session);
}

TEST(Session, TakesNoPicturesWhereTheirPreprocessingIsUnknown) {
  for (const auto& [pixels, status, word] :
       {std::tuple{std::map<std::string, std::string>{}, GRADUS_UNSUPPORTED, "call gradus_run"},
        {{{"gamma", "2.2"}}, GRADUS_INVALID_FILE, "'data.pixels.gamma'"},
        {{{"mean", "1/2"}}, GRADUS_INVALID_FILE, "2 values"}}) {
    const SessionHandle session = open(parse(picture_model(8, 3, pixels)));
    std::vector<float> values(10);
    const gradus_output output = {values.data(), 10, nullptr, 0};
    const std::vector<std::uint8_t> bytes(192);
    const gradus_picture picture = {bytes.data(), 8, 8, 0};
    gradus_error error{};
    expect_failure(gradus_run_pictures(session.get(), &picture, 1, &output, 1, &error), error,
                   status, word);
    const std::vector<float> image(192);
    EXPECT_EQ(gradus_run(session.get(), image.data(), 1, &output, 1, &error), GRADUS_OK);
  }
}

}  // namespace
}  // namespace gradus
