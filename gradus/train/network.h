// A prepared graph as a libtorch network: parameters, buffers, quantizers, and the float and
// fake-quant forward pass. Training, calibration and float evaluation use it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gradus/fakequant/estimator.h"
#include "gradus/fakequant/observer.h"
#include "gradus/graph/graph.h"
#include "gradus/train/op.h"

namespace gradus {

// One quantizer while training. Which of its fields move is decided by its estimator and observer:
// a learned scale by its gradient; a weight's range is taken anew from the weights every step; an
// activation's follows what the steps before have seen.
struct TrainedQuantizer {
  const Estimator* estimator = nullptr;
  const ObserverType* observer = nullptr;
  QuantizerSpec spec;
  float averaging_constant = 0.01f;
  ValueId weights = kNoValue;  // the constant it quantizes; kNoValue for activations
  FakeQuantizer fake;
  Range seen;                  // by the forward passes since the last update; activations
  std::vector<Range> tracked;  // followed range
  std::vector<Range> kept;     // fraction of it that is quantized to: what `mse` cut off
};

struct ForwardOptions {
  bool quantize = true;           // false: quantizers are passed over
  bool batch_statistics = false;  // see FloatContext
  std::int64_t average_over = 0;
  bool observe = false;  // activations note what they see for update_quantizers()
  // Called with every value that carries a quantizer, before it is quantized and after its clamp.
  std::function<void(ValueId, const at::Tensor&)> on_value = {};
  // Called with every such value after it was quantized, and with the outputs.
  std::function<void(ValueId, const at::Tensor&)> on_result = {};
};

class Network {
 public:
  enum class Kind { kWeights, kAffine, kScale };  // weights; biases, gammas, betas; learned scales
  struct Parameter {
    std::string name;
    Kind kind = Kind::kWeights;
    at::Tensor tensor;
  };
  struct Named {
    std::string name;
    at::Tensor tensor;
  };

  // `graph` must outlive the network; its constants are copied. Throws Error (kUnsupported) naming
  // a node with an operator that train_ops() lacks.
  explicit Network(const Graph& graph);

  const Graph& graph() const noexcept { return graph_; }
  const std::vector<Parameter>& parameters() const noexcept { return parameters_; }
  const std::vector<Named>& buffers() const noexcept { return buffers_; }  // running statistics
  std::vector<TrainedQuantizer>& quantizers() noexcept { return quantizers_; }

  // `images` [batch, channels, height, width]. Returns the first output.
  at::Tensor forward(const at::Tensor& images, const ForwardOptions& options);

  // Quantizers that follow a range take what was seen since the last call.
  void update_quantizers();
  // After an optimiser's step: no learned scale moves by more than a factor of two in one step, so
  // none turns zero or negative. `before` is what remember_scales() gave in front of it.
  std::vector<at::Tensor> remember_scales() const;
  void limit_scales(const std::vector<at::Tensor>& before);

  // Copies parameters, statistics and quantizer parameters into `graph`, which has the same values.
  void write_to(Graph& graph) const;

 private:
  void add_parameters();
  void add_quantizers();
  at::Tensor input_of(ValueId id, bool quantize);
  at::Tensor quantized(QuantizerId id, const at::Tensor& x, Clamp clamp, bool fresh, bool observe);
  at::Tensor finish(const Node& node, const TrainOp& op, const at::Tensor& y,
                    const ForwardOptions& options);
  bool only_moved(const Node& node, const TrainOp& op) const;
  void update_weight_range(TrainedQuantizer& quantizer);

  const Graph& graph_;
  std::vector<const TrainOp*> ops_;    // one a node
  std::vector<std::size_t> last_use_;  // one a value: the last node that reads it
  std::vector<at::Tensor> constants_;  // one a value; undefined for activations
  std::vector<at::Tensor> values_;     // of the pass under way
  std::vector<Parameter> parameters_;
  std::vector<Named> buffers_;
  std::vector<TrainedQuantizer> quantizers_;
};

// A constant as a tensor of floats of its own memory, channels last if it has four dimensions, and
// back. A number that is no float is rounded to one; types that training has no use for give
// nothing.
at::Tensor to_torch(const Tensor& tensor);
Tensor from_torch(const at::Tensor& tensor);

}  // namespace gradus
