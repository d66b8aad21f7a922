// The promise, checked: the fake-quant network's evaluation and the engine, tensor by tensor, code
// by code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gradus/base/cpu.h"
#include "gradus/data/dataset.h"
#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct VerifyOptions {
  std::int64_t batch = 64;
  int threads = 0;  // of the engine; 0: all cores
  Isa isa = active_isa();
  std::function<void(std::int64_t done, std::int64_t total)> progress;  // may be empty
};

struct Verification {
  std::int64_t images = 0;
  std::int64_t tensors = 0;  // compared, each over all images
  std::int64_t codes = 0;    // compared, float outputs included
  std::int64_t differing = 0;
  std::string first;  // where the first difference is: tensor, image, position, both codes
  Isa isa = Isa::kScalar;
};

// Runs both on every sample of `data`. Every value with a quantizer in `graph`, and every output,
// has a tensor of its name in `model`; codes are compared as integers, float outputs bit by bit.
// "First" is in the order of execution, so it names the layer at fault. Throws Error (kDifference)
// if a tensor of one side is missing on the other or differs in shape.
Verification verify(const Graph& graph, const QModel& model, const Dataset& data,
                    const VerifyOptions& options);

}  // namespace gradus
