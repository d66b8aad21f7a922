#include "gradus/graph/ops/window.h"

#include <gtest/gtest.h>

#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace gradus::ops {
namespace {

using testing_support::expect_error;
using testing_support::Integers;

Node pool(std::map<std::string, Attribute> attributes) {
  return {"p", "MaxPool", {}, {}, std::move(attributes)};
}
Integers pads(const Node& node) { return node.integers("pads", {}); }

TEST(Window, MakesEveryAttributeExplicit) {
  Node node = pool({{"kernel_shape", Integers{3, 2}}});
  EXPECT_FALSE(normalize_window(node, {8, 8}, std::nullopt));
  EXPECT_EQ(node.integers("strides", {}), (Integers{1, 1}));
  EXPECT_EQ(node.integers("dilations", {}), (Integers{1, 1}));
  EXPECT_EQ(pads(node), (Integers{0, 0, 0, 0}));
  EXPECT_EQ(output_size(node, read_window(node, std::nullopt), {8, 8}), (Pair{6, 7}));
}

// 224 at stride 2 with a window of 3 gives 112: one row of padding, at the end or at the beginning.
TEST(Window, ResolvesAutoPad) {
  for (const auto& [mode, expected] : {std::pair{"SAME_UPPER", Integers{0, 0, 1, 1}},
                                       {"SAME_LOWER", Integers{1, 1, 0, 0}},
                                       {"VALID", Integers{0, 0, 0, 0}}}) {
    Node node = pool({{"kernel_shape", Integers{3, 3}},
                      {"strides", Integers{2, 2}},
                      {"auto_pad", std::string(mode)}});
    normalize_window(node, {224, 224}, std::nullopt);
    EXPECT_EQ(pads(node), expected) << mode;
    EXPECT_FALSE(node.attributes.contains("auto_pad"));
  }
}

// SqueezeNet: 113 rows, window 3, stride 2: 56 whole windows, no padding; 112 rows: one more row.
TEST(Window, TurnsCeilModeIntoPadding) {
  for (const auto& [size, expected, added] : {std::tuple{113, Integers{0, 0, 0, 0}, false},
                                              std::tuple{112, Integers{0, 0, 1, 1}, true}}) {
    Node node = pool({{"kernel_shape", Integers{3, 3}},
                      {"strides", Integers{2, 2}},
                      {"ceil_mode", std::int64_t{1}}});
    EXPECT_EQ(normalize_window(node, {size, size}, std::nullopt), added);
    EXPECT_EQ(pads(node), expected);
    EXPECT_FALSE(node.attributes.contains("ceil_mode"));
  }
}

// 2 rows, pad 1 and 1, window 2, stride 3: the second window would begin in the padding at the end.
TEST(Window, LeavesOutAWindowThatBeginsInThePadding) {
  Node node = pool({{"kernel_shape", Integers{2, 2}},
                    {"strides", Integers{3, 3}},
                    {"pads", Integers{1, 1, 1, 1}},
                    {"ceil_mode", std::int64_t{1}}});
  normalize_window(node, {2, 2}, std::nullopt);
  EXPECT_EQ(output_size(node, read_window(node, std::nullopt), {2, 2}), (Pair{1, 1}));
}

TEST(Window, RefusesByAttributeName) {
  const std::pair<const char*, Integers> broken[] = {
      {"strides", {0, 1}},     {"strides", {1}},        {"dilations", {-1, 1}},
      {"pads", {0, 0, 0}},     {"pads", {-1, 0, 0, 0}}, {"strides", {1 << 20, 1}},
      {"kernel_shape", {0, 0}}};
  for (const auto& [key, list] : broken) {
    Node node = pool({{"kernel_shape", Integers{3, 3}}});
    node.attributes[key] = list;
    expect_error(ErrorCode::kInvalidFile, {"'p' (MaxPool)", key},
                 [&] { normalize_window(node, {8, 8}, std::nullopt); });
  }
  Node none = pool({});
  expect_error(ErrorCode::kInvalidFile, {"kernel_shape"},
               [&] { normalize_window(none, {8, 8}, std::nullopt); });
  Node mode = pool({{"kernel_shape", Integers{3, 3}}, {"auto_pad", std::string("BOGUS")}});
  expect_error(ErrorCode::kUnsupported, {"BOGUS"},
               [&] { normalize_window(mode, {8, 8}, std::nullopt); });
  const Node large = pool({{"kernel_shape", Integers{9, 9}}});
  expect_error(ErrorCode::kInvalidFile, {"window of 9", "input of 8"},
               [&] { output_size(large, read_window(large, std::nullopt), {8, 8}); });
}

}  // namespace
}  // namespace gradus::ops
