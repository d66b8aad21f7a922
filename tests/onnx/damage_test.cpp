// Damaged files: an Error of one line or a graph, never anything else.
#include <gtest/gtest.h>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/onnx/onnx.h"
#include "gradus/zoo/zoo.h"
#include "tests/onnx/onnx_bytes.h"
#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::TemporaryFolder;
using testing_support::TestRandom;

// Whether the file was refused.
bool refused(const std::string& path) {
  try {
    import_onnx(path);
    return false;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(message.rfind(path, 0), 0u) << message;
    EXPECT_EQ(exit_status(error.code()), 2) << message;
    return true;
  }
}
bool refused_bytes(const TemporaryFolder& folder, const std::string& bytes) {
  testing_support::write_quickly(folder.file("m.onnx"), bytes);
  return refused(folder.file("m.onnx"));
}

std::string small_file(const TemporaryFolder& folder) {
  export_onnx(zoo_models().front().build({}), folder.file("whole.onnx"));
  return read_text_file(folder.file("whole.onnx"), 1 << 24);
}

TEST(DamagedOnnx, IsRefusedWhereverItIsCutOff) {
  const TemporaryFolder folder;
  const std::string whole = small_file(folder);
  EXPECT_FALSE(refused_bytes(folder, whole));
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_TRUE(refused_bytes(folder, whole.substr(0, whole.size() * i / 200))) << i;
  }
  EXPECT_TRUE(refused_bytes(folder, whole.substr(0, whole.size() - 1)));
}

// The structure lies in the first bytes (nodes) and between the weights: most flips go there.
TEST(DamagedOnnx, NeverCrashesOnFlippedBits) {
  const TemporaryFolder folder;
  const std::string whole = small_file(folder);
  TestRandom random;
  int accepted = 0;
  for (int round = 0; round < 800; ++round) {
    std::string bytes = whole;
    const auto flips = 1 + random.rng().below(4);
    for (std::uint64_t k = 0; k < flips; ++k) {
      const std::size_t range = random.rng().below(4) == 0 ? bytes.size() : 4000;
      bytes[random.rng().below(range)] ^= static_cast<char>(1 << random.rng().below(8));
    }
    accepted += refused_bytes(folder, bytes) ? 0 : 1;
  }
  EXPECT_LT(accepted, 800);
}

TEST(DamagedOnnx, NeverCrashesOnForeignBytes) {
  const TemporaryFolder folder;
  TestRandom random;
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random.rng().below(300), '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random.rng().next());
    EXPECT_TRUE(refused_bytes(folder, bytes));
  }
}

}  // namespace
}  // namespace gradus
