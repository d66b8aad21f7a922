// safetensors: a checkpoint of gradus, under its checksum, and files of other programs, which have
// none. What is taken is put into a graph, and comes back from being written.
#include <algorithm>

#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/checkpoint/checkpoint.h"
#include "gradus/checkpoint/graph_state.h"
#include "gradus/checkpoint/safetensors_header.h"

namespace gradus::fuzz {
namespace {

bool equal(const Checkpoint& a, const Checkpoint& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.dtype() == y.second.dtype() &&
           x.second.shape() == y.second.shape() &&
           std::ranges::equal(x.second.bytes(), y.second.bytes());
  };
  return a.metadata == b.metadata && a.tensors.size() == b.tensors.size() &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), same);
}

void run(Bytes bytes) {
  const Checkpoint checkpoint = parse_checkpoint(bytes, "fuzzed.safetensors");
  const std::string path = private_folder() + "/again.safetensors";
  save_checkpoint(checkpoint, path);
  require(equal(load_checkpoint(path), checkpoint), "a checkpoint does not come back");
  static const Graph prepared = small_prepared(preset_recipe("w4a4"));
  Graph graph = prepared;
  try {
    apply_graph_state(graph, checkpoint, "fuzzed.safetensors");
  } catch (const Error&) {
    return;  // of another network: a sound file all the same
  }
  graph_state(graph);
}

// The format as another program writes it: length, JSON, data.
std::string plain_file(const Checkpoint& checkpoint) {
  SafetensorsHeader header;
  std::string data;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
    header.entries.push_back({name, tensor.dtype(), tensor.shape(), begin, data.size()});
  }
  const std::string text = safetensors_header_text(header, "seed");
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i));
  return length + text + data;
}

std::vector<std::string> seeds() {
  const Checkpoint state = graph_state(small_prepared(preset_recipe("w4a4")));
  const std::string path = private_folder() + "/seed.safetensors";
  save_checkpoint(state, path);
  Checkpoint few;
  few.tensors.emplace("b", Tensor(DType::kBool, {3}));
  few.tensors.emplace("h", Tensor(DType::kFloat16, {2, 0}));
  few.tensors.emplace("i", Tensor(DType::kInt64, {}));
  return {read_text_file(path, 1 << 24), plain_file(state), plain_file(few)};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
