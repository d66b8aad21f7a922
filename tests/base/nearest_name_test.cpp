#include "gradus/base/nearest_name.h"

#include <gtest/gtest.h>

namespace gradus {
namespace {

const std::vector<std::string> kKeys = {"bits", "scale", "per_channel", "symmetric"};

TEST(NearestName, FindsTheOneThatWasMeant) {
  EXPECT_EQ(nearest_name("bit", kKeys), "bits");
  EXPECT_EQ(nearest_name("per_chanel", kKeys), "per_channel");
  EXPECT_EQ(nearest_name("simetric", kKeys), "symmetric");
  EXPECT_EQ(nearest_name("sacle", kKeys), "scale");
}

TEST(NearestName, SaysNothingWhenNoneIsNear) {
  EXPECT_EQ(nearest_name("zzzzzz", kKeys), "");
  EXPECT_EQ(nearest_name("anything", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'q'), kKeys), "");
}

TEST(NearestName, AllowsHalfTheLengthAndNoMore) {
  EXPECT_EQ(nearest_name("abcd", {"abxy"}), "abxy");
  EXPECT_EQ(nearest_name("abcd", {"axyz"}), "");
}

TEST(NearestName, TakesTheFirstOfEquallyNearOnes) {
  EXPECT_EQ(nearest_name("cat", {"bat", "hat"}), "bat");
}

}  // namespace
}  // namespace gradus
