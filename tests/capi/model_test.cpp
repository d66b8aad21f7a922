#include <gtest/gtest.h>

#include <cstring>

#include "tests/capi/handles.h"
#include "tests/capi/picture_model.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_failure;
using testing_support::ModelHandle;
using testing_support::parse;
using testing_support::picture_model;
using testing_support::random_model;
using testing_support::TemporaryFolder;

TEST(Library, SaysItsVersion) { EXPECT_STREQ(gradus_version(), "0.1.0"); }

TEST(Model, DescribesItsInputOutputsAndMetadata) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const QModel model = random_model(seed);
    const ModelHandle handle = parse(model);
    const gradus_tensor* in = gradus_model_input(handle.get());
    const QTensor& input = model.tensors[static_cast<std::size_t>(model.input)];
    EXPECT_EQ(in->name, input.name);
    EXPECT_EQ(in->has_codes, 0);
    EXPECT_EQ(in->channels, input.channels);
    ASSERT_EQ(gradus_model_output_count(handle.get()), model.outputs.size());
    for (std::size_t i = 0; i < model.outputs.size(); ++i) {
      const QTensor& tensor = model.tensors[static_cast<std::size_t>(model.outputs[i])];
      const gradus_tensor* out = gradus_model_output(handle.get(), i);
      EXPECT_EQ(out->name, tensor.name);
      EXPECT_EQ(out->height, tensor.height);
      EXPECT_EQ(out->width, tensor.width);
      const bool codes = tensor.kind == QTensorKind::kCodes;
      EXPECT_EQ(out->has_codes, codes ? 1 : 0);
      EXPECT_EQ(out->bits, codes ? tensor.bits : 0);
      EXPECT_EQ(out->low, codes ? tensor.grid.quant_min : 0);
      EXPECT_EQ(out->high, codes ? tensor.grid.quant_max : 0);
      EXPECT_EQ(out->zero_point, codes ? tensor.zero_point : 0);
      EXPECT_EQ(out->scale, codes ? tensor.scale : 0.0f);
    }
    EXPECT_EQ(gradus_model_output(handle.get(), model.outputs.size()), nullptr);
    ASSERT_EQ(gradus_model_metadata_count(handle.get()), model.metadata.size());
    std::size_t index = 0;
    for (const auto& [key, text] : model.metadata) {
      EXPECT_EQ(gradus_model_metadata_key(handle.get(), index++), key);
      EXPECT_EQ(gradus_model_metadata(handle.get(), key.c_str()), text);
    }
    EXPECT_EQ(gradus_model_metadata_key(handle.get(), index), nullptr);
    EXPECT_EQ(gradus_model_metadata(handle.get(), "none"), nullptr);
  }
}

TEST(Model, LoadsFromAFileAndRefusesWhatIsNone) {
  const TemporaryFolder folder;
  const QModel model = random_model(1);
  save_model(model, folder.file("m.gradus"));
  gradus_model* made = nullptr;
  gradus_error error{};
  EXPECT_EQ(gradus_model_load(folder.file("m.gradus").c_str(), &made, &error), GRADUS_OK);
  gradus_model_free(made);
  made = nullptr;
  expect_failure(gradus_model_load(folder.file("none").c_str(), &made, &error), error,
                 GRADUS_NOT_FOUND, "none");
  // A name that is long and holds the end of a line: still one line, cut.
  const std::string name = folder.path() + "/a\nb" + std::string(3000, 'x');
  expect_failure(gradus_model_load(name.c_str(), &made, &error), error, GRADUS_NOT_FOUND, "a b");
  EXPECT_EQ(std::strlen(error.text), sizeof error.text - 1);
  EXPECT_EQ(made, nullptr);
}

// Every cut and a flip of every byte: refused, never a crash; the intact file is the only one that
// loads.
TEST(Model, RefusesEveryDamage) {
  const auto whole = serialize(picture_model(4, 1, {{"scale", "1"}}));
  gradus_model* made = nullptr;
  gradus_error error{};
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    expect_failure(gradus_model_parse(whole.data(), size, &made, &error), error,
                   GRADUS_INVALID_FILE, "the model in memory");
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto broken = whole;
    broken[at] ^= std::byte{0x10};
    expect_failure(gradus_model_parse(broken.data(), broken.size(), &made, &error), error,
                   GRADUS_INVALID_FILE, "the model in memory");
  }
  EXPECT_EQ(made, nullptr);
}

}  // namespace
}  // namespace gradus
