#include "gradus/prepare/activation_codes.h"

#include <algorithm>

#include "gradus/prepare/groups.h"

namespace gradus {

std::vector<std::int32_t> activation_codes(const Graph& graph, const Node& root,
                                           const ActivationQuantizer& input,
                                           const ActivationQuantizer& output) {
  const std::vector<float> reals = reals_of_codes(input);
  // A clamp fused into the group is part of its results.
  std::vector<std::int32_t> codes =
      activation_table(activation_results(graph, root, reals), output, output.grid.quant_min,
                       output.grid.quant_max, "node '" + root.name + "' (" + root.op + ")");
  const auto row = static_cast<std::ptrdiff_t>(reals.size());
  const bool same = std::equal(codes.begin() + row, codes.end(), codes.begin());
  if (same) codes.resize(reals.size());
  return codes;
}

}  // namespace gradus
