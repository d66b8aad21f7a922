#include <gtest/gtest.h>

#include <filesystem>

#include "gradus/base/file.h"
#include "tests/onnx/onnx_bytes.h"
#include "tests/support/expect_error.h"

namespace gradus {
namespace {

using testing_support::Bytes;
using testing_support::expect_error;
using testing_support::TemporaryFolder;

// A graph that adds [1, 4] from another file.
std::string model(const std::string& location, const std::string& offset,
                  const std::string& length) {
  Bytes tensor = testing_support::tensor_bytes("w", 1, {4});
  const std::pair<const char*, const std::string&> entries[] = {
      {"location", location}, {"offset", offset}, {"length", length}};
  for (const auto& [key, value] : entries) {
    if (!value.empty()) tensor.message(13, Bytes().text(1, key).text(2, value));
  }
  tensor.number(14, 1);
  return testing_support::model_bytes(
             Bytes()
                 .message(1, testing_support::node_bytes("Add", {"x", "w"}, {"y"}))
                 .message(5, tensor)
                 .message(11, testing_support::value_bytes("x", {-1, 4}))
                 .message(12, testing_support::value_bytes("y", {-1, 4})))
      .str();
}

class ExternalData : public ::testing::Test {
 protected:
  ExternalData() {
    std::filesystem::create_directories(folder_.path() + "/model/sub");
    write_file_atomically(folder_.file("secret.bin"), std::string(64, 's'));
    const float values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    write_file_atomically(folder_.file("model/sub/w.bin"), std::as_bytes(std::span(values)));
    std::filesystem::create_symlink("../secret.bin", folder_.path() + "/model/link.bin");
    std::filesystem::create_symlink("..", folder_.path() + "/model/up");
    std::filesystem::create_symlink("sub/w.bin", folder_.path() + "/model/inside.bin");
  }
  Graph import(const std::string& location, const std::string& offset = "",
               const std::string& length = "") {
    write_file_atomically(folder_.file("model/m.onnx"), model(location, offset, length));
    return import_onnx(folder_.file("model/m.onnx"));
  }
  TemporaryFolder folder_;
};

TEST_F(ExternalData, IsReadFromTheModelsFolder) {
  for (const char* location : {"sub/w.bin", "inside.bin", "./sub/w.bin"}) {
    const Graph graph = import(location, "8", "16");
    EXPECT_EQ(graph.value(graph.find_value("w")).constant->as<float>()[0], 2.0f) << location;
  }
  EXPECT_EQ(import("sub/w.bin").values.size(), 3u);
}

TEST_F(ExternalData, NeverLeavesTheModelsFolder) {
  for (const char* location : {"../secret.bin", "/etc/passwd", "link.bin", "up/secret.bin",
                               "sub/../../secret.bin", "..\\secret.bin", "sub", "."}) {
    expect_error(ErrorCode::kInvalidFile, {"m.onnx: ", location},
                 [&] { import(location, "0", "16"); });
  }
  expect_error(ErrorCode::kNotFound, {"missing.bin"}, [&] { import("missing.bin", "0", "16"); });
}

TEST_F(ExternalData, MustHoldTheBytesAskedFor) {
  const std::pair<const char*, const char*> broken[] = {{"24", "16"},
                                                        {"4611686018427387904", "16"},
                                                        {"18446744073709551615", "16"},
                                                        {"-1", "16"},
                                                        {"abc", "16"},
                                                        {"0", "15"},
                                                        {"0", "99999999999999999999999"}};
  for (const auto& [offset, length] : broken) {
    expect_error(ErrorCode::kInvalidFile, {"m.onnx: "},
                 [&] { import("sub/w.bin", offset, length); });
  }
  expect_error(ErrorCode::kInvalidFile, {"'w'"}, [&] { import(""); });
}

}  // namespace
}  // namespace gradus
