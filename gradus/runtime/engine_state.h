// What an engine holds. Used by engine.cpp and engine_state.cpp only.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gradus/base/thread_pool.h"
#include "gradus/runtime/aligned_array.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/plan.h"

namespace gradus {

class Engine::State : public TensorMemory {
 public:
  State(const QModel& model, const EngineOptions& options);

  kernels::ActivationView codes(std::int32_t index) const override {
    const TensorLayout& layout = plan_.tensors[static_cast<std::size_t>(index)];
    kernels::ActivationView view = layout.view;
    view.data = block(index) + layout.origin;
    return view;
  }
  float* values(std::int32_t index) const override {
    return reinterpret_cast<float*>(block(index));
  }

  void run(std::span<const float> images, std::int64_t batch,
           std::span<const OutputBuffer> outputs);
  void run(std::span<const float> images, std::int64_t batch, std::span<float> outputs);
  void set_observer(std::function<void(const TensorResult&)> observer);

  const QTensor& tensor(std::int32_t index) const {
    return tensors_[static_cast<std::size_t>(index)];
  }

 private:
  friend class Engine;
  struct Node {
    std::unique_ptr<Step> step;  // null where the output is an alias
    std::int32_t output = 0;
    bool has_halo = false;
    kernels::Halo halo;
    std::uint8_t zero = 0;         // what fills the halo
    kernels::ActivationView view;  // of the output, if codes
  };

  std::uint8_t* block(std::int32_t index) const {
    auto* begin = const_cast<std::byte*>(arena_.data());
    return reinterpret_cast<std::uint8_t*>(begin) +
           plan_.tensors[static_cast<std::size_t>(index)].offset;
  }

  void add_node(const QModel& model, const QNode& node);
  void check_run(std::span<const float> images, std::int64_t batch,
                 std::span<const OutputBuffer> outputs) const;
  void run_slice(const float* images, std::int64_t first, std::int64_t batch);
  void run_node(std::size_t index, std::int64_t batch, const float* images);
  void write_outputs(std::int64_t first, std::int64_t batch, std::span<const OutputBuffer> outputs);
  // A tensor of floats as [batch, channels, height, width].
  void read_reals(std::int32_t index, std::int64_t batch, float* out) const;
  void observe(std::size_t index, std::int64_t first, std::int64_t batch);

  const EngineOptions options_;
  const Plan plan_;
  const std::vector<QTensor> tensors_;
  const std::int32_t input_;
  const std::vector<std::int32_t> outputs_;
  std::vector<QTensor> output_tensors_;
  std::vector<OutputBuffer> whole_outputs_;
  std::vector<Node> nodes_;
  std::vector<NodeInfo> infos_;
  AlignedArray<std::byte> arena_;
  AlignedArray<std::byte> scratch_;
  std::size_t scratch_step_ = 0;  // of one thread
  ThreadPool pool_;
  std::function<void(const TensorResult&)> observer_;
  std::vector<std::int32_t> observed_codes_;
  std::vector<float> observed_values_;
  std::function<void(std::size_t, std::int64_t, std::int64_t)> timer_;
};

}  // namespace gradus
