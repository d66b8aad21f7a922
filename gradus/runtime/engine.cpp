#include "gradus/runtime/engine.h"

#include "gradus/runtime/engine_state.h"

namespace gradus {

Engine::Engine(const QModel& model, const EngineOptions& options)
    : state_(std::make_unique<State>(model, options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const QTensor& Engine::input() const noexcept { return state_->tensor(state_->input_); }
std::span<const QTensor> Engine::outputs() const noexcept { return state_->output_tensors_; }
std::span<const NodeInfo> Engine::nodes() const noexcept { return state_->infos_; }
std::size_t Engine::arena_bytes() const noexcept { return state_->plan_.arena_bytes; }

void Engine::run(std::span<const float> images, std::int64_t batch, std::span<float> outputs) {
  state_->run(images, batch, outputs);
}

void Engine::run(std::span<const float> images, std::int64_t batch,
                 std::span<const OutputBuffer> outputs) {
  state_->run(images, batch, outputs);
}

void Engine::set_observer(std::function<void(const TensorResult&)> observer) {
  state_->set_observer(std::move(observer));
}

void Engine::set_timer(std::function<void(std::size_t, std::int64_t, std::int64_t)> timer) {
  state_->timer_ = std::move(timer);
}

}  // namespace gradus
