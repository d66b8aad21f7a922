// The network that `bench` times, from whatever the user has.
#pragma once

#include <optional>
#include <string>

#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct BenchModel {
  QModel model;
  std::optional<Graph> network;  // the float network, where known
};

// A model.gradus or a quantized .onnx (with `float_path`, if not empty, as its float network), a
// RUN, or a float .onnx, which is quantized as `recipe` says with ranges from random pictures.
BenchModel bench_model(const std::string& path, const std::string& recipe,
                       const std::string& float_path);

}  // namespace gradus
