#include "gradus/checkpoint/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/file.h"

namespace gradus {
namespace {

// For EXPECT_PRED2: the message speaks of `text`.
bool says(const std::string& message, const std::string& text) {
  return message.find(text) != std::string::npos;
}

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("gradus_checkpoint_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "x.safetensors").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string read() const { return read_text_file(path_, 1 << 24); }
  // The file of a header and data, as the format's documentation draws it.
  static std::string file_of(const std::string& header, const std::string& data) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>((header.size() >> (8 * i)) & 0xff);
    return bytes + header + data;
  }
  // The message of the Error that reading gives; "" if it reads.
  static std::string refusal(const std::string& bytes) {
    try {
      parse_checkpoint(std::as_bytes(std::span(bytes)), "x");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
      EXPECT_FALSE(says(error.what(), "\n")) << error.what();
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
  std::string path_;
};

Checkpoint example() {
  Checkpoint checkpoint;
  std::vector<float> weights(24);
  std::iota(weights.begin(), weights.end(), -3.5f);
  checkpoint.tensors["conv/weight"] = Tensor::from<float>({2, 3, 4}, weights);
  checkpoint.tensors["a flag"] =
      Tensor::from<std::uint8_t>({3}, std::vector<std::uint8_t>{1, 0, 7});
  checkpoint.tensors["step"] = Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{-12});
  checkpoint.tensors["nothing"] = Tensor(DType::kFloat32, {0, 4});
  checkpoint.metadata = {{"recipe", "version: 1\nbits: \"4\"\n"}, {"empty", ""}};
  return checkpoint;
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    ASSERT_TRUE(b.tensors.contains(name)) << name;
    const Tensor& other = b.tensors.at(name);
    EXPECT_EQ(tensor.dtype(), other.dtype());
    EXPECT_EQ(tensor.shape(), other.shape());
    EXPECT_TRUE(std::ranges::equal(tensor.bytes(), other.bytes())) << name;
  }
}

TEST_F(CheckpointTest, ComesBackAsItWasSaved) {
  save_checkpoint(example(), path_);
  expect_equal(load_checkpoint(path_), example());
}

TEST_F(CheckpointTest, EveryTypeComesBack) {
  Checkpoint checkpoint;
  for (int type = 0; type <= static_cast<int>(DType::kBool); ++type) {
    const auto dtype = static_cast<DType>(type);
    checkpoint.tensors[dtype_name(dtype)] = Tensor(dtype, {3});
  }
  save_checkpoint(checkpoint, path_);
  expect_equal(load_checkpoint(path_), checkpoint);
}

TEST_F(CheckpointTest, AlignsHeaderAndDataToTheirTypes) {
  save_checkpoint(example(), path_);
  const std::string bytes = read();
  const std::size_t header =
      static_cast<unsigned char>(bytes[0]) + 256u * static_cast<unsigned char>(bytes[1]);
  EXPECT_EQ(header % 8, 0u);
  // One int64, then 24 floats, then three bytes.
  EXPECT_EQ(bytes.size(), 8 + header + 8 + 96 + 3);
  EXPECT_EQ(static_cast<unsigned char>(bytes[8 + header]), 0xf4);
}

TEST_F(CheckpointTest, ReadsAFileWrittenElsewhere) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"I8","shape":[2],"data_offsets":[4,6]},)"
      R"("a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}   )";
  write(file_of(header, std::string("\x00\x00\x80\x3f\x05\xff", 6)));
  const Checkpoint checkpoint = load_checkpoint(path_);
  EXPECT_EQ(checkpoint.metadata.at("format"), "pt");
  EXPECT_EQ(checkpoint.tensors.at("a").as<float>()[0], 1.0f);
  EXPECT_EQ(checkpoint.tensors.at("a").shape(), (Shape{1, 1}));
  EXPECT_EQ(checkpoint.tensors.at("b").as<std::int8_t>()[1], -1);
}

TEST_F(CheckpointTest, RefusesWhatTheFormatForbids) {
  const std::string entry = R"("dtype":"U8","shape":[2],"data_offsets":)";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"([])", "not a JSON object"},
      {R"({"a":)", "not a JSON object"},
      {R"({"a":{)" + entry + R"([0,2]}} x)", "not a JSON object"},
      {R"({"a":{)" + entry + R"([0,2]},"a":{)" + entry + R"([0,2]}})", "'a' twice"},
      {R"({"a":{"shape":[2],"shape":[2],"data_offsets":[0,2]}})", "'shape' twice"},
      {R"({"a":[[[[1]]]]})", "nested too deeply"},
      {R"({"a":3})", "no object of dtype"},
      {R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", "F8_E4M3"},
      {R"({"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}})", "no natural number"},
      {R"({"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}})", "no natural number"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,2]}})", "past 2^62"},
      {R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,2]}})",
       "does not need"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}})", "does not need"},
      {R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "neither 0 nor 1"},
      {R"({"a":{)" + entry + R"([2,0]}})", "no [begin, end]"},
      {R"({"a":{)" + entry + R"([0,2,4]}})", "no [begin, end]"},
      {R"({"a":{)" + entry + R"([1,3]}})", "without holes"},
      {R"({"a":{)" + entry + R"([0,2]},"b":{)" + entry + R"([1,3]}})", "without holes"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "cut short"},
      {R"({"a":{)" + entry + R"([0,2]},"__metadata__":{"x":1}})", "is no text"},
      {R"({"a":{)" + entry + R"([0,2]},"__metadata__":[]})", "is no object"},
      {R"({"a":{)" + entry + R"([0,2]},"__metadata__":{"gradus.version":"1"}})",
       "without its gradus.crc32"},
  };
  for (const auto& [header, reason] : cases) {
    EXPECT_PRED2(says, refusal(file_of(header, "\x07\x07")), reason) << header;
  }
}

TEST_F(CheckpointTest, RefusesAHeaderLongerThanTheFileOrTheLimit) {
  EXPECT_PRED2(says, refusal(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10)),
               "at most 100 MB");
  EXPECT_PRED2(says, refusal(""), "0 bytes");
}

TEST_F(CheckpointTest, RefusesAFileThatIsCutShortAnywhere) {
  save_checkpoint(example(), path_);
  const std::string whole = read();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
  }
  EXPECT_NE(refusal(whole + "x"), "");
}

TEST_F(CheckpointTest, RefusesEveryFlippedBit) {
  save_checkpoint(example(), path_);
  const std::string whole = read();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(refusal(damaged), "") << "bit " << bit;
  }
}

TEST_F(CheckpointTest, KeepsTheOldFileWhenTheDiskIsFull) {
  save_checkpoint(example(), path_);
  Checkpoint large = example();
  large.tensors["large"] = Tensor(DType::kFloat32, {1 << 16});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{8192, before.rlim_max};
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  try {
    save_checkpoint(large, path_);
    ADD_FAILURE() << "wrote past the limit";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFailed);
    EXPECT_PRED2(says, error.what(), "what stood there before is untouched");
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  expect_equal(load_checkpoint(path_), example());
  // No temporary is left beside it.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(CheckpointTest, RefusesNamesThatTheFormatCannotHold) {
  Checkpoint checkpoint;
  checkpoint.tensors["__metadata__"] = Tensor(DType::kFloat32, {1});
  EXPECT_THROW(save_checkpoint(checkpoint, path_), Error);
  checkpoint.tensors.clear();
  checkpoint.tensors["\xff\xfe"] = Tensor(DType::kFloat32, {1});
  EXPECT_THROW(save_checkpoint(checkpoint, path_), Error);
  checkpoint.tensors.clear();
  checkpoint.metadata["gradus.mine"] = "x";
  EXPECT_THROW(save_checkpoint(checkpoint, path_), Error);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CheckpointTest, SaysThatAMissingFileIsMissing) {
  try {
    load_checkpoint((folder_ / "none").string());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

}  // namespace
}  // namespace gradus
