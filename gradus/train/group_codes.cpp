#include "gradus/train/group_codes.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "gradus/prepare/activation_codes.h"
#include "gradus/prepare/groups.h"
#include "gradus/train/op_helpers.h"

namespace gradus {

CodeFunction activation_code_function(const CodeContext& context, const Node& root) {
  const ActivationQuantizer in = context.quantizer(source_of(context.graph, root));
  const ActivationQuantizer out = context.quantizer(root.outputs.at(0));
  std::vector<float> table;
  for (std::int32_t code : activation_codes(context.graph, root, in, out)) {
    table.push_back(static_cast<float>(code - out.zero_point));
  }
  const std::int64_t codes = in.grid.quant_max - in.grid.quant_min + 1;
  const std::int64_t first = in.zero_point - in.grid.quant_min;  // the entry of real zero
  const auto tables = static_cast<std::int64_t>(table.size()) / codes;
  return [table, codes, first, tables](std::span<const at::Tensor> inputs) {
    // One channel's elements behind each other, [batch, channels, pixels].
    const at::Tensor x = inputs[0].contiguous();
    const std::int64_t pixels = x.numel() / std::max<std::int64_t>(x.size(0) * x.size(1), 1);
    at::Tensor y = at::empty_like(x);
    const float* from = x.const_data_ptr<float>();
    float* to = y.mutable_data_ptr<float>();
    parallel_elements(x.numel(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t own = tables == 1 ? 0 : i / pixels % tables;
        const std::int64_t entry = own * codes + first + static_cast<std::int64_t>(from[i]);
        to[i] = table[static_cast<std::size_t>(entry)];
      }
    });
    return y.dim() == 4 ? y.contiguous(at::MemoryFormat::ChannelsLast) : y;
  };
}

CodeFunction movement_code_function(const CodeContext& context, const Node& root) {
  std::vector<std::pair<const Node*, const TrainOp*>> steps;
  for (const Node* node : group_of(context.graph, root)) {
    steps.emplace_back(node, &find_train_op(*node));
  }
  return [graph = &context.graph, steps](std::span<const at::Tensor> inputs) {
    at::Tensor x = inputs[0];
    for (const auto& [node, op] : steps) {
      std::vector<at::Tensor> all(node->inputs.size());
      all[0] = x;
      x = op->forward({*graph}, *node, all);
    }
    return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
  };
}

}  // namespace gradus
