// Counts every call of operator new while a session runs.
#include <gtest/gtest.h>

#include <vector>

#include "gradus/capi/gradus.h"
#include "gradus/qmodel/file.h"
#include "tests/capi/picture_model.h"
#include "tests/support/counted_new.h"

namespace gradus {
namespace {

using testing_support::allocations;

TEST(Session, AllocatesNothingWhileItRuns) {
  const auto bytes = serialize(
      testing_support::picture_model(8, 3, {{"resize", "9"}, {"crop", "8"}, {"mean", "0.5"}}));
  gradus_model* model = nullptr;
  ASSERT_EQ(gradus_model_parse(bytes.data(), bytes.size(), &model, nullptr), GRADUS_OK);
  gradus_options options = GRADUS_OPTIONS_INIT;
  options.threads = 2;
  options.max_batch = 2;
  gradus_session* session = nullptr;
  ASSERT_EQ(gradus_session_create(model, &options, &session, nullptr), GRADUS_OK);
  const std::vector<float> images(3 * 3 * 8 * 8, 0.25f);
  const std::vector<std::uint8_t> pixels(20 * 30 * 3, 77);
  const std::vector<gradus_picture> pictures(3, {pixels.data(), 20, 30, 0});
  std::vector<float> values(3 * 10);
  const gradus_output output = {values.data(), values.size(), nullptr, 0};
  gradus_error error;

  std::int64_t before = allocations();
  EXPECT_EQ(gradus_run(session, images.data(), 3, &output, 1, &error), GRADUS_OK);
  EXPECT_EQ(allocations(), before);
  // The first picture of a size that is to be resized makes the plan of its resizing, no later one.
  EXPECT_EQ(gradus_run_pictures(session, pictures.data(), 1, &output, 1, &error), GRADUS_OK);
  EXPECT_GT(allocations(), before);
  before = allocations();
  EXPECT_EQ(gradus_run_pictures(session, pictures.data(), 3, &output, 1, &error), GRADUS_OK);
  EXPECT_EQ(allocations(), before);
  gradus_session_free(session);
  gradus_model_free(model);
}

}  // namespace
}  // namespace gradus
