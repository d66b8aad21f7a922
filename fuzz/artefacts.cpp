#include "fuzz/artefacts.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gradus/base/error.h"
#include "gradus/convert/convert.h"
#include "gradus/graph/builder.h"
#include "gradus/prepare/prepare.h"
#include "gradus/run/run.h"
#include "tests/convert/graph_codes.h"
#include "tests/support/temporary_folder.h"

namespace gradus::fuzz {

Graph small_network(std::int64_t channels) {
  GraphBuilder b("small", 7);
  ValueId x = b.input("input", {-1, channels, 8, 8});
  x = b.relu("relu1", b.batch_norm("bn1", b.conv("conv1", x, 4, {.kernel = 3, .padding = 1})));
  x = b.max_pool("pool", x, 2, 2, 0);
  const ValueId y = b.batch_norm(
      "bn2", b.conv("conv2", x, 4, {.kernel = 3, .stride = 1, .padding = 1, .groups = 4}));
  x = b.relu6("relu2", b.add("add", x, y));
  x = b.pad_channels("pad", b.halve("halve", x), 1, 1);
  x = b.node("concat", "Concat", {x, x}, {{"axis", std::int64_t{1}}});
  x = b.flatten("flat", b.global_average_pool("average", x));
  return b.finish(b.linear("fc", x, 5), "logits");
}

Graph small_prepared(const Recipe& recipe, std::int64_t channels) {
  Graph graph = small_network(channels);
  prepare(graph, recipe);
  calibrate_at_random(graph, 3);
  return graph;
}

QModel small_model(const std::string& preset, std::int64_t channels) {
  ConvertOptions options;
  options.metadata = {{"recipe", preset}, {"data.pixels.scale", "1"}};
  return convert(small_prepared(preset_recipe(preset), channels), options);
}

void write_small_run(const std::string& folder, const std::string& preset) {
  const Recipe recipe = preset_recipe(preset);
  create_run(folder, small_network(), recipe, {{"data.pixels.scale", "1"}});
  save_run_state(folder, small_prepared(recipe));
}

const std::string& private_folder() {
  // Files are written once a run: in memory, where there is such a place.
  static const testing_support::TemporaryFolder folder = [] {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
    return testing_support::TemporaryFolder();
  }();
  return folder.path();
}

std::string private_file(const std::string& name, const std::string& bytes) {
  const std::string path = private_folder() + "/" + name;
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  return path;
}

}  // namespace gradus::fuzz
