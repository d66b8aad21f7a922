#include "gradus/train/float_runner.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <utility>

#include "gradus/train/network.h"

namespace gradus {

struct FloatRunner::Impl {
  explicit Impl(Graph prepared) : graph(std::move(prepared)), network(graph) {}
  Graph graph;
  Network network;
};

FloatRunner::FloatRunner(Graph graph, int threads)
    : impl_(std::make_unique<Impl>(std::move(graph))) {
  at::set_num_threads(threads);
}
FloatRunner::FloatRunner(FloatRunner&&) noexcept = default;
FloatRunner& FloatRunner::operator=(FloatRunner&&) noexcept = default;
FloatRunner::~FloatRunner() = default;

double FloatRunner::run_ms(std::span<const float> images, std::int64_t batch) {
  const c10::InferenceMode no_gradients;
  Shape shape = *impl_->graph.value(impl_->graph.inputs[0]).shape;
  shape[0] = batch;
  const at::Tensor input = at::from_blob(const_cast<float*>(images.data()), shape, at::kFloat)
                               .clone()
                               .contiguous(at::MemoryFormat::ChannelsLast);
  ForwardOptions options;
  options.quantize = false;
  const auto start = std::chrono::steady_clock::now();
  impl_->network.forward(input, options);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace gradus
