// Damaged quantized files: an Error of one line or an integer network, never anything else.
#include <gtest/gtest.h>

#include <fstream>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/convert/convert.h"
#include "gradus/graph/normal_form.h"
#include "tests/qdq/quantized_networks.h"
#include "tests/support/random.h"

namespace gradus {
namespace {

using namespace testing_quantized;
using testing_networks::residual_network;
using testing_support::TemporaryFolder;
using testing_support::TestRandom;

// Whether the file was refused.
bool refused(const std::string& path) {
  try {
    convert(read_quantized(path), {});
    return false;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(exit_status(error.code()), 2) << message;
    return true;
  }
}

// The same for a graph as the importer hands it on.
bool refused_graph(Graph graph) {
  try {
    const IntegerConstants integers = lift_quantized(graph);
    normalize(graph, {25, 0});
    prepare_quantized(graph, integers);
    convert(graph, {});
    return false;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(exit_status(error.code()), 2) << message;
    return true;
  }
}

// Few weights: most of the bytes are structure, scales and zero points.
std::string small_file(const TemporaryFolder& folder, const Case& c) {
  Builder b(3);
  ValueId x = b.input("image", {-1, 2, 4, 4});
  x = b.relu("stem.relu", b.batch_norm("stem.bn", b.conv("stem", x, 3, 1), -1.0f));
  const ValueId side = b.conv("side", x, 3, 1);
  x = b.relu("sum.relu", b.add("sum", x, side));
  b.graph.outputs = {b.gemm("fc", b.flatten("flat", b.max_pool("max", x)), 2)};
  const QdqGraph written = to_qdq(prepared(b.graph, c, 1), c.format);
  export_onnx(written.graph, folder.file("whole.onnx"), {written.opset, {{"note", "kept"}}});
  return read_text_file(folder.file("whole.onnx"), 1 << 24);
}

TEST(DamagedQuantizedOnnx, NeverCrashes) {
  const TemporaryFolder folder;
  TestRandom random;
  const std::string path = folder.file("m.onnx");
  for (const Case& c : export_cases()) {
    const std::string whole = small_file(folder, c);
    int accepted = 0;
    for (int round = 0; round < 400; ++round) {
      std::string bytes = whole;
      const auto changes = 1 + random.rng().below(3);
      for (std::uint64_t k = 0; k < changes; ++k) {
        const std::size_t at = random.rng().below(bytes.size());
        switch (random.rng().below(4)) {
          case 0:
            bytes[at] = static_cast<char>(random.rng().below(256));
            break;
          case 1:
            bytes.erase(at, 1 + random.rng().below(8));
            break;
          default:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.rng().below(8)));
        }
        if (bytes.empty()) bytes = whole;
      }
      std::ofstream(path, std::ios::binary) << bytes;
      accepted += refused(path) ? 0 : 1;
    }
    // Flipped weights and names are files of their own right; damage to anything else is found.
    EXPECT_GT(accepted, 4);
    EXPECT_LT(accepted, 380);
  }
}

// Files that can be read and say nonsense: operators and operands exchanged.
TEST(DamagedQuantizedOnnx, NeverCrashesOnExchangedParts) {
  TestRandom random;
  const auto any = [&](std::size_t size) { return random.rng().below(size); };
  for (const Case& c : export_cases()) {
    const QdqGraph whole = to_qdq(prepared(residual_network(), c, 1), c.format);
    for (int round = 0; round < 300; ++round) {
      Graph graph = whole.graph;
      for (std::size_t k = 0; k <= any(2); ++k) {
        Node& a = graph.nodes[any(graph.nodes.size())];
        Node& b = graph.nodes[any(graph.nodes.size())];
        switch (any(4)) {
          case 0:
            std::swap(a.op, b.op);
            break;
          case 1:
            std::swap(a.inputs, b.inputs);
            break;
          case 2:
            std::swap(a.inputs[any(a.inputs.size())], b.inputs[any(b.inputs.size())]);
            break;
          default:
            a.inputs[any(a.inputs.size())] = static_cast<ValueId>(any(graph.values.size()));
        }
      }
      refused_graph(graph);
    }
  }
}

}  // namespace
}  // namespace gradus
