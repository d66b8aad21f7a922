#include <gtest/gtest.h>

#include "gradus/base/check.h"
#include "gradus/base/file.h"
#include "gradus/graph/fused.h"
#include "gradus/onnx/onnx.h"
#include "gradus/zoo/zoo.h"
#include "tests/onnx/same_graph.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::expect_same_graph;
using testing_support::TemporaryFolder;

const ZooModel& small() { return zoo_models().front(); }

TEST(ExportOnnx, GivesEveryZooModelBackAsItWas) {
  const TemporaryFolder folder;
  for (const auto& model : zoo_models()) {
    SCOPED_TRACE(model.name);
    const Graph graph = model.build({});
    export_onnx(graph, folder.file("m.onnx"));
    expect_same_graph(import_onnx(folder.file("m.onnx")), graph);
  }
}

TEST(ExportOnnx, WritesTheSameBytesForTheSameGraph) {
  const TemporaryFolder folder;
  export_onnx(small().build({}), folder.file("a.onnx"));
  export_onnx(small().build({}), folder.file("b.onnx"));
  EXPECT_EQ(read_file(folder.file("a.onnx"), 1 << 24), read_file(folder.file("b.onnx"), 1 << 24));
}

TEST(ExportOnnx, SaysWhenTheFolderIsMissing) {
  expect_error(ErrorCode::kNotFound, {"/nowhere"},
               [] { export_onnx(small().build({}), "/nowhere/m.onnx"); });
}

TEST(ExportOnnx, WritesNothingForAPreparedGraph) {
  const TemporaryFolder folder;
  Graph quantized = small().build({});
  quantized.quantizers.emplace_back();
  EXPECT_THROW(export_onnx(quantized, folder.file("m.onnx")), LogicError);
  Graph fused = small().build({});
  set_fused_clamp(fused.nodes[0], {0.0f, 6.0f});
  EXPECT_THROW(export_onnx(fused, folder.file("m.onnx")), LogicError);
  EXPECT_EQ(folder.entries(), 0u);
}

}  // namespace
}  // namespace gradus
