// From a decoded file to a graph: names become values. Nodes are as the file has them, and only
// initializers and inputs have types and shapes; the normal form comes after (graph/normal_form.h).
#pragma once

#include <map>
#include <string>

#include "gradus/graph/graph.h"
#include "gradus/onnx/read_model.h"

namespace gradus::onnx {

// What inputs may be: float32 (also by a Cast to it, if that is all that reads them); or codes of 8
// bits too; or of any type that a tensor has.
enum class Inputs { kFloats, kCodes, kAll };

// Takes the tensors out of `model`. `constants`: see ImportOptions. Operators of other domains are
// named with them. Throws Error without a path: kInvalidFile, kUnsupported, and kInvalidArgument
// for a constant that fits nowhere.
Graph build_graph(ModelProto& model, Inputs allowed,
                  const std::map<std::string, Tensor>& constants = {});

}  // namespace gradus::onnx
