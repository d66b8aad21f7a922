// The float network on libtorch, for timing it beside the engine. Free of libtorch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "gradus/graph/graph.h"

namespace gradus {

class FloatRunner {
 public:
  // `graph` is prepared, with its batch norms folded where speed matters. Sets libtorch's number of
  // threads, which is the process's.
  FloatRunner(Graph graph, int threads);
  FloatRunner(FloatRunner&&) noexcept;
  FloatRunner& operator=(FloatRunner&&) noexcept;
  ~FloatRunner();

  // One forward pass in inference mode over `images` [batch, channels, height, width];
  // milliseconds, without the copy of the images.
  double run_ms(std::span<const float> images, std::int64_t batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gradus
