// Evaluation: the float network, its fake-quant simulation, or the exact integers of the engine.
// The last one is what training prints and what `gradus verify` compares. Free of libtorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/data/accuracy.h"
#include "gradus/graph/graph.h"
#include "gradus/quant/requantize.h"

namespace gradus {

class Dataset;

enum class EvalMode {
  kFloat,      // quantizers ignored
  kFakeQuant,  // values dequantize(quantize(x)), biases in float: what the training step computes
  kCodes,      // numerics.md section 8: the engine's integers
};

struct EvalOptions {
  EvalMode mode = EvalMode::kCodes;
  Profile profile = Profile::kIeee32;  // kCodes
  std::int64_t batch_size = 100;
  int threads = 0;  // 0: as libtorch is set
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

// Runs every sample of `data` once, in order. The graph has been prepared; kFakeQuant and kCodes
// need calibrated quantizers. The first graph output is taken as logits [batch, classes].
// Throws Error: kUnsupported naming a node that cannot be run or has no exact integers, kFailed if
// an output is not finite, kInvalidArgument if shapes or labels do not fit the network.
Accuracy evaluate(const Graph& graph, const Dataset& data, const EvalOptions& options);

// A value as codes, in NCHW order (or [batch, features]); batch is shape[0].
struct TensorCodes {
  std::string name;  // of the value
  Shape shape;
  std::vector<std::int32_t> codes;
};
struct TensorReals {
  std::string name;
  Shape shape;
  std::vector<float> reals;
};
struct CodeResult {
  std::vector<TensorCodes> codes;    // every value that carries a quantizer, in node order
  std::vector<TensorReals> outputs;  // graph outputs, as float (codes dequantized)
};

// The network as exact integers: every integer node through the formulas of quant/.
class CodeEvaluator {
 public:
  // Computes the integer layers once; the graph is not referred to afterwards.
  // Throws Error (kUnsupported), naming the node, as make_integer_linear() and its kin do.
  CodeEvaluator(const Graph& graph, Profile profile);
  CodeEvaluator(CodeEvaluator&&) noexcept;
  CodeEvaluator& operator=(CodeEvaluator&&) noexcept;
  ~CodeEvaluator();

  // `images` is [batch, ...input shape], preprocessed, row-major. Not safe to call from two
  // threads.
  CodeResult run(std::span<const float> images, std::int64_t batch) const;
  // The same, the first output only: what evaluate() uses.
  std::vector<float> logits(std::span<const float> images, std::int64_t batch) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The float (kFloat) or fake-quant (kFakeQuant) network, value by value, for `gradus explain`:
// every value that carries a quantizer and every output, in node order.
// `images` as above; batch norms use their running statistics.
std::vector<TensorReals> run_reals(const Graph& graph, EvalMode mode, std::span<const float> images,
                                   std::int64_t batch);

}  // namespace gradus
