// The network of exact codes as libtorch runs it; evaluate.h offers it without libtorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "gradus/train/network.h"
#include "gradus/train/op.h"

namespace gradus {

// A node is an integer node if its operator has an integer form, all its data inputs are codes, its
// weights are quantized, and its output is codes or may leave as float. Every other node is an
// island: it runs in float between dequantize() and quantize().
class CodeNetwork {
 public:
  // `graph` must outlive the network.
  CodeNetwork(const Graph& graph, Profile profile);

  // Called with every value that carries a quantizer, as code - zero_point.
  using OnCodes = std::function<void(ValueId, const at::Tensor&)>;
  // Returns the outputs as reals. images: channels last.
  std::vector<at::Tensor> run(const at::Tensor& images, const OnCodes& on_codes = {});

 private:
  struct Step {
    CodeFunction codes;  // empty for an island
    bool inner = false;  // computed by the root of its group (prepare/groups.h)
    std::vector<ValueId> inputs;
    ValueId output = kNoValue;
  };
  at::Tensor to_reals(ValueId id, const at::Tensor& value) const;
  at::Tensor to_codes(ValueId id, const at::Tensor& reals) const;

  CodeContext context_;
  std::vector<Step> steps_;
  std::vector<std::size_t> last_use_;
  std::unique_ptr<Network> islands_;
};

}  // namespace gradus
