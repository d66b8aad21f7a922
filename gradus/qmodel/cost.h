// What the nodes of an integer network cost, and what they take in the file: for `inspect`,
// `convert` and `bench`.
#pragma once

#include <cstdint>
#include <vector>

#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct NodeCost {
  std::int64_t macs = 0;              // multiply-adds of one image
  std::int64_t weights = 0;           // how many
  int weight_bits = 0;                // 0 where there are none
  std::int64_t weight_bytes = 0;      // packed, as stored
  std::int64_t parameter_bytes = 0;   // biases, scales and zero points, as stored
  std::int64_t float_bytes = 0;       // weights and biases as floats
  std::int64_t activation_bytes = 0;  // inputs and output of one image: a byte a code, 4 a float
};

NodeCost node_cost(const QModel& model, const QNode& node);

// One a node, in their order.
std::vector<NodeCost> model_cost(const QModel& model);

// The sum; weight_bits is 0.
NodeCost total_cost(const QModel& model);

}  // namespace gradus
