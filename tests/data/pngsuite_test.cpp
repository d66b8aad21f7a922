// PngSuite: every file of the folder, found by looking. What valid/ holds beside a picture, its
// pixels as RGBA, must come out exactly; what has none must decode or be refused in one line; what
// corrupt/ holds must be refused in one line.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/decode.h"
#include "gradus/data/npy.h"
#include "tests/data/picture_files.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

// Every picture of a folder of the suite, sorted.
std::vector<fs::path> pictures_in(const std::string& folder) {
  std::vector<fs::path> found;
  std::error_code absent;
  for (const auto& entry :
       fs::directory_iterator(real_data_path("suites/pngsuite/" + folder), absent)) {
    if (entry.path().extension() == ".png") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Picture decode(const fs::path& file, const DecodeOptions& options) {
  return decode_picture(read_file(file.string(), kMaxPictureFileBytes), file.filename().string(),
                        options);
}

// The file's expected pixels, under either name that they may have; empty if there are none.
fs::path pixels_of(const fs::path& file) {
  for (const std::string& name : {file.stem().string(), file.filename().string()}) {
    const fs::path pixels = file.parent_path() / (name + ".rgba.npy");
    if (fs::exists(pixels)) return pixels;
  }
  return {};
}

// The message where decoding is refused, empty where it is not.
std::string refusal(const fs::path& file) {
  try {
    decode(file, {});
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PngSuite, GivesTheExpectedPixelsExactly) {
  const std::vector<fs::path> files = pictures_in("valid");
  if (files.empty()) GTEST_SKIP() << "no " << real_data_path("suites/pngsuite/valid");
  int exact = 0;
  int decoded = 0;
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    const fs::path pixels = pixels_of(file);
    if (pixels.empty()) {
      const std::string message = refusal(file);
      EXPECT_EQ(message.find('\n'), std::string::npos);
      decoded += message.empty() ? 1 : 0;
      continue;
    }
    const NpyArray expected = load_npy(pixels.string());
    const Picture found = decode(file, {.alpha = true});
    ASSERT_EQ(expected.shape, (Shape{found.height, found.width, 4}));
    EXPECT_TRUE(std::equal(found.bytes.begin(), found.bytes.end(), expected.values.begin(),
                           [](std::uint8_t a, float b) { return static_cast<float>(a) == b; }));
    const Picture rgb = decode(file, {});
    for (std::size_t i = 0; i < rgb.bytes.size(); ++i) {
      ASSERT_EQ(rgb.bytes[i], found.bytes[i / 3 * 4 + i % 3]);
    }
    exact += testing::Test::HasFailure() ? 0 : 1;
  }
  std::printf("%zu files: %d exact, %d without expected pixels decoded\n", files.size(), exact,
              decoded);
}

TEST(PngSuite, RefusesEveryCorruptFileInOneLine) {
  const std::vector<fs::path> files = pictures_in("corrupt");
  if (files.empty()) GTEST_SKIP() << "no " << real_data_path("suites/pngsuite/corrupt");
  for (const fs::path& file : files) {
    const std::string message = refusal(file);
    EXPECT_FALSE(message.empty()) << file.filename() << " was accepted";
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(message.rfind(file.filename().string() + ": ", 0), 0u) << message;
  }
}

}  // namespace
}  // namespace gradus
