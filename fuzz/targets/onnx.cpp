// ONNX import; what is taken goes the whole way: out and in again, prepared, made integers.
#include "gradus/onnx/onnx.h"
#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/convert/convert.h"
#include "gradus/prepare/check_network.h"
#include "gradus/prepare/prepare.h"
#include "gradus/zoo/zoo.h"
#include "tests/convert/graph_codes.h"

namespace gradus::fuzz {
namespace {

std::int64_t constants(const Graph& graph) {
  std::int64_t count = 0;
  for (const Value& value : graph.values) count += value.constant ? value.constant->size() : 0;
  return count;
}

// Whatever the importer takes can be written, and what is written reads as the same graph.
void check_round_trip(const Graph& graph) {
  const std::string path = private_folder() + "/again.onnx";
  export_onnx(graph, path);
  try {
    const Graph again = import_onnx(path);
    require(again.nodes.size() == graph.nodes.size() &&
                again.inputs.size() == graph.inputs.size() &&
                again.outputs.size() == graph.outputs.size(),
            "another graph comes back from our own export");
  } catch (const Error& error) {
    throw Finding(std::string("our own export is refused: ") + error.what());
  }
}

// Looking at all that is wrong finds something wrong exactly where import does, and bears what is
// left.
void check_examined(const std::string& path) {
  std::string refusal;
  try {
    import_onnx(path);
  } catch (const Error& error) {
    refusal = error.what();
  }
  ImportReport report;
  try {
    report = examine_onnx(path);
  } catch (const Error&) {
    require(!refusal.empty(), "import takes what its report refuses");
    return;
  }
  require(report.errors.empty() == refusal.empty(), "import and its report disagree");
  if (constants(report.graph) <= 1 << 16) {
    examine_network(report.graph, preset_recipe("w4a4"), report.rest);
  }
}

void run(Bytes bytes) {
  const std::string path = private_file(
      "m.onnx", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  private_file("w.bin", std::string(4096, '\1'));
  check_examined(path);
  const Graph graph = import_onnx(path);
  if (constants(graph) > 1 << 16) return;  // only because it would take long
  check_round_trip(graph);
  for (const char* preset : {"w4a4", "w1a8"}) {
    const Recipe recipe = preset_recipe(preset);
    if (!check_network(graph, recipe).empty()) continue;
    Graph prepared = graph;
    prepare(prepared, recipe);
    calibrate_at_random(prepared, 1);
    convert(prepared, {});
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  const std::string path = private_folder() + "/seed.onnx";
  export_onnx(small_network(), path);
  files.push_back(read_text_file(path, 1 << 24));
  return files;
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
