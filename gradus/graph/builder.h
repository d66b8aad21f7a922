// Builds a graph in normal form, a layer at a time: what the files of zoo/models/ are written with.
// Each layer function adds one node named `name`, whose output value has the same name, and returns
// that value; its constants are named as PyTorch names them ("conv1.weight", "bn1.running_mean").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/graph/graph.h"

namespace gradus {

struct ConvOptions {
  std::int64_t kernel = 3;  // square
  std::int64_t stride = 1;
  std::int64_t padding = 0;  // on every side
  std::int64_t groups = 1;
  bool bias = false;  // zeros
};

class GraphBuilder {
 public:
  // `seed` draws the weights: the same on every machine.
  GraphBuilder(std::string name, std::uint64_t seed);

  // A float32 input; shape[0] is -1, the batch.
  ValueId input(const std::string& name, Shape shape);

  // Weights are normal with deviation sqrt(2 / (out * kernel * kernel)): He et al.,
  // arXiv:1502.01852v1, eq. 14 (fan out), as torchvision draws them.
  ValueId conv(const std::string& name, ValueId x, std::int64_t out, const ConvOptions& options);
  // gamma 1, beta 0, mean 0, variance 1; epsilon 1e-5, momentum 0.9.
  ValueId batch_norm(const std::string& name, ValueId x);
  // Weights uniform within 1 / sqrt(in), bias 0.
  ValueId linear(const std::string& name, ValueId x, std::int64_t out);
  ValueId relu(const std::string& name, ValueId x);
  ValueId relu6(const std::string& name, ValueId x);
  ValueId add(const std::string& name, ValueId a, ValueId b);
  ValueId max_pool(const std::string& name, ValueId x, std::int64_t kernel, std::int64_t stride,
                   std::int64_t padding);
  ValueId global_average_pool(const std::string& name, ValueId x);
  ValueId flatten(const std::string& name, ValueId x);
  // Every second row and column.
  ValueId halve(const std::string& name, ValueId x);
  // Zero channels before and after.
  ValueId pad_channels(const std::string& name, ValueId x, std::int64_t before, std::int64_t after);

  // Any operator in normal form with one output.
  ValueId node(const std::string& name, const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes = {});
  ValueId constant(const std::string& name, const Shape& shape, std::vector<float> values);
  const Shape& shape(ValueId id) const;
  Rng& rng() { return rng_; }

  // The graph with this one output, under the name `output_name`.
  Graph finish(ValueId output, const std::string& output_name);

 private:
  ValueId constant_of(const std::string& name, std::int64_t channels, float value);

  Graph graph_;
  Rng rng_;
};

}  // namespace gradus
