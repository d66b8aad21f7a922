#include "gradus/cli/text.h"

#include <gtest/gtest.h>

#include "gradus/cli/median.h"

namespace gradus {
namespace {

TEST(Text, AccuracyNamesTheImages) {
  EXPECT_EQ(accuracy_text(0.9173, 10000), "91.73 % (9173 of 10000)");
  EXPECT_EQ(accuracy_text(1.0, 3), "100.00 % (3 of 3)");
}

TEST(Text, TablePadsColumnsAndLeavesNoBlanksAtLineEnds) {
  EXPECT_EQ(table_text({{"node", "bits"}, {"conv_1", "4"}, {"a", ""}}),
            "node    bits\n"
            "conv_1     4\n"
            "a");
}

TEST(Text, TableRowsMayBeShort) { EXPECT_EQ(table_text({{"a"}, {"b", "c"}}), "a\nb  c"); }

TEST(Text, MedianIsTheMiddleValue) {
  EXPECT_EQ(median({3.0, 1.0, 2.0}), 2.0);
  EXPECT_EQ(median({4.0, 1.0, 3.0, 2.0}), 3.0);
  EXPECT_EQ(median({7.0}), 7.0);
}

}  // namespace
}  // namespace gradus
