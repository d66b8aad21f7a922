#include "gradus/cli/console.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace gradus {
namespace {

// What `act` writes to standard output.
template <typename Act>
std::string output_of(Console::Mode mode, Act act) {
  Console console(mode);
  ::testing::internal::CaptureStdout();
  act(console);
  return ::testing::internal::GetCapturedStdout();
}

void say_all(Console& console) {
  console.line("a line");
  console.result("done", {{"count", json_number(std::int64_t{3})}}, "three");
  console.result("detail", {{"name", json_text("x")}}, "");
}

TEST(Console, PeopleReadLinesAndNothingForAResultWithoutText) {
  EXPECT_EQ(output_of(Console::Mode::kText, say_all), "a line\nthree\n");
}

TEST(Console, ProgramsReadEveryResultAsOneLineOfJson) {
  const std::string text = output_of(Console::Mode::kJson, say_all);
  EXPECT_EQ(text,
            "{\"event\": \"done\", \"count\": 3}\n"
            "{\"event\": \"detail\", \"name\": \"x\"}\n");
}

TEST(Console, QuietSaysNothing) {
  const auto lines = [](Console& console) {
    console.line("a line");
    console.progress("half way", true);
  };
  EXPECT_EQ(output_of(Console::Mode::kQuiet, lines), "");
}

TEST(Console, JsonTextEscapesAndReplacesBrokenUtf8) {
  const std::string text = "quote \" line \n broken \xff";
  EXPECT_EQ(nlohmann::json::parse(json_text(text)).get<std::string>(),
            "quote \" line \n broken \xef\xbf\xbd");
}

TEST(Console, JsonHasNoNumberForWhatIsNotFinite) {
  EXPECT_EQ(json_number(0.5), "0.5");
  EXPECT_EQ(json_number(std::nan("")), "null");
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "null");
}

TEST(Console, BytesAreToldInPowersOfAThousand) {
  EXPECT_EQ(format_bytes(999), "999 bytes");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(1250000), "1.25 MB");
}

TEST(Console, SecondsAreToldAsAClock) {
  EXPECT_EQ(format_seconds(4.4), "0:04");
  EXPECT_EQ(format_seconds(65), "1:05");
  EXPECT_EQ(format_seconds(3599.6), "1:00:00");
}

}  // namespace
}  // namespace gradus
