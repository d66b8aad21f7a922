// Convert: a prepared, calibrated or trained graph becomes the integer network that the engine
// runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct ConvertOptions {
  Profile profile = Profile::kIeee32;
  std::map<std::string, std::string> metadata;  // taken over as it is
  bool islands = true;  // nodes that integers do not compute become islands; false: are refused
};

struct LayerReport {  // of a node with weights
  std::string name;
  std::string op;
  int weight_bits = 0;
  std::int64_t float_bytes = 0;    // weights and biases as floats
  std::int64_t integer_bytes = 0;  // as stored: packed codes, biases, scales
};

struct ConvertReport {
  std::vector<LayerReport> layers;
  std::int64_t float_bytes = 0;  // of all layers
  std::int64_t integer_bytes = 0;
};

// Tensors are named like the graph's values; where a value is both float and codes (the input, an
// output that is codes), the codes have its name and the float tensor the name with ".float" behind
// it. The result has passed validate(). `report` may be null. Throws Error: kInvalidArgument if the
// graph has no quantizers or is not calibrated; kUnsupported, naming node, operator, reason and
// remedy, for what integers cannot compute.
QModel convert(const Graph& graph, const ConvertOptions& options, ConvertReport* report = nullptr);

}  // namespace gradus
