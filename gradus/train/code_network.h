// The network of exact codes as libtorch runs it; evaluate.h offers it without libtorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "gradus/floatops/float_call.h"
#include "gradus/graph/graph.h"
#include "gradus/train/op.h"

namespace gradus {

// Nodes of which runs_in_integers() is true (prepare/integer_form.h) compute on codes. Every other
// node is an island, which runs in float between dequantize() and quantize() (numerics.md section
// 9), by the code that the engine has for it.
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
    std::shared_ptr<const floatops::BoundCall> island;
    bool inner = false;  // computed by the root of its group (prepare/groups.h)
    std::vector<ValueId> inputs;
    ValueId output = kNoValue;
  };
  at::Tensor to_reals(ValueId id, const at::Tensor& value) const;
  at::Tensor to_codes(ValueId id, const at::Tensor& reals) const;

  CodeContext context_;
  std::vector<Step> steps_;
  std::vector<std::size_t> last_use_;
};

}  // namespace gradus
