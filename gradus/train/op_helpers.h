// Small things that several operators share.
#pragma once

#include <ATen/core/Tensor.h>

#include "gradus/prepare/attributes.h"
#include "gradus/train/op.h"

namespace gradus {

// x padded with `value` around height and width.
at::Tensor pad_map(const at::Tensor& x, const Window& window, double value);
// Whether PyTorch's own padding does it: the same before and after.
bool even_pads(const Window& window);

// Batch normalization of [batch, channels, ...] as the context asks: by the batch's statistics,
// moving the running ones (ONNX's momentum m: running = m * running + (1 - m) * batch, the batch's
// variance unbiased, as PyTorch trains), or by the running ones.
at::Tensor batch_norm(const FloatContext& context, const at::Tensor& x, const at::Tensor& gamma,
                      const at::Tensor& beta, const at::Tensor& mean, const at::Tensor& variance,
                      float epsilon, float momentum);

// x in the shape that import found for the node's output; the batch is x's.
at::Tensor reshape_to_output(const Graph& graph, const Node& node, const at::Tensor& x);

// Codes of a node whose forward moves values: the same on codes, rescaled where the output has
// another quantizer, then cut by the fused clamp.
CodeFunction moved_codes(const CodeContext& context, const Node& node,
                         at::Tensor (*forward)(const FloatContext&, const Node&,
                                               std::span<const at::Tensor>));

// q of `input` to q of node's output, by numerics.md (20), cut to the output's codes and `own`.
CodeFunction rescaled_codes(const CodeContext& context, const Node& node, ValueId input,
                            Clamp own = {});

// body(begin, end) over [0, elements) in parallel, a few thousand at a time.
void parallel_elements(std::int64_t elements,
                       const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace gradus
