// Prepare: the passes that turn an imported network into the form of graph/fused.h, ready to be
// calibrated, trained, evaluated and converted. A pass is one file in passes/ and one line in the
// folder's CMakeLists.txt, whose order is the order of running.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/error_sink.h"
#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

struct Pass {
  std::string name;     // the file's name
  std::string summary;  // one line: what it changes
  // What is wrong with a node or setting is told to `errors`; if that goes on, so does the pass:
  // the node stays as it is, the setting is a default one.
  void (*run)(Graph& graph, const Recipe& recipe, ErrorSink& errors);
};
std::span<const Pass> prepare_passes();

// Runs every pass. The network computes the same function in floating point afterwards (up to the
// rounding of a folded batch norm); with recipe.quantize it also carries quantizers, without
// parameters. Attribute "bn_momentum" of a separate batch norm is ONNX's:
// running = running * momentum + batch * (1 - momentum).
// Throws Error: kInvalidArgument if a selector matches nothing, kUnsupported naming a node that
// cannot be prepared.
void prepare(Graph& graph, const Recipe& recipe);
// The same, telling `errors`: where it keeps them the graph is not fit for use, but for being
// looked at.
void prepare(Graph& graph, const Recipe& recipe, ErrorSink& errors);

// A node of a prepared graph that integers do not compute: it runs in float amid them.
struct Island {
  std::string node;
  std::string op;
  Shape shape;          // of its first output; empty if unknown
  std::string reason;   // "axis is 2; expected 1, the channels"
  std::string remedy;   // what would bring it to integers
  std::string refusal;  // why the engine cannot run it in float either; or empty
  // What it costs, an image:
  std::int64_t elements = 0;   // computed
  std::int64_t macs = 0;       // multiply-accumulates in float
  std::int64_t converted = 0;  // codes made reals before it and reals made codes behind it
};
// Empty for a graph prepared with quantize: false. In the order of the nodes.
std::vector<Island> islands(const Graph& prepared);

// "1000 elements in float, 0 multiply-adds, 2000 codes converted an image"
std::string cost_text(const Island& island);

}  // namespace gradus
