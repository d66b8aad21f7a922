// model.gradus: the bytes as they are, and again under a checksum that fits them, so that damage
// gets past it. What is taken comes back from being written, and the engine computes what the
// reference does.
#include <cstring>

#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/checksum.h"
#include "gradus/qmodel/cost.h"
#include "gradus/qmodel/file.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/reference.h"
#include "tests/support/random_model.h"

namespace gradus::fuzz {
namespace {

constexpr std::size_t kHeader = 16;
constexpr std::int64_t kMostWork = 1 << 20;  // elements and multiply-adds: only because of time

bool is_small(const QModel& model) {
  const NodeCost cost = total_cost(model);
  return cost.macs < kMostWork && cost.activation_bytes < kMostWork &&
         model.tensors[static_cast<std::size_t>(model.input)].channels < 4096;
}

void check_engine(const QModel& model) {
  const auto images = testing_support::random_images(model, 1, 5);
  Engine engine(model, {.threads = 1, .max_batch = 1});
  const auto expected = run_reference(model, images, 1);
  std::vector<std::vector<float>> values(model.outputs.size());
  std::vector<OutputBuffer> buffers(model.outputs.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const QTensor& tensor = engine.outputs()[i];
    values[i].resize(static_cast<std::size_t>(tensor.height) *
                     static_cast<std::size_t>(tensor.width) *
                     static_cast<std::size_t>(tensor.channels));
    buffers[i].values = values[i];
  }
  engine.run(images, 1, buffers);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& wanted = expected[static_cast<std::size_t>(model.outputs[i])].values;
    if (wanted.empty()) continue;  // codes, which come out dequantized
    require(std::memcmp(wanted.data(), values[i].data(), wanted.size() * sizeof(float)) == 0,
            "the engine computes something else than the reference");
  }
}

void use(const QModel& model) {
  const auto written = serialize(model);
  const QModel again = parse_model(written, "written again");
  require(serialize(again) == written, "a model does not come back from its file");
  if (is_small(model)) check_engine(model);
}

void run(Bytes bytes) {
  std::vector<std::byte> repaired(bytes.begin(), bytes.end());
  if (repaired.size() >= kHeader) {
    const auto body = bytes.subspan(kHeader);
    const std::uint32_t sum = crc32(body);
    const auto length = static_cast<std::uint32_t>(body.size());
    std::memcpy(&repaired[8], &sum, sizeof sum);
    std::memcpy(&repaired[12], &length, sizeof length);
  }
  use(parse_model(repaired, "fuzzed.gradus"));
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> seeds() {
  std::vector<std::string> files = {text_of(serialize(small_model("w4a4"))),
                                    text_of(serialize(small_model("w1a8")))};
  for (std::uint64_t i = 0; i < 4; ++i) {
    testing_support::RandomModelOptions options;
    options.profile = i % 2 == 0 ? Profile::kIeee32 : Profile::kFixed31;
    options.nodes = 4;
    options.largest_extent = 5;
    options.largest_channels = 9;
    files.push_back(text_of(serialize(testing_support::random_model(i + 1, options))));
  }
  return files;
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
