// The engine: runs an integer network exactly, on every CPU with the same codes.
//   Engine engine(load_model("model.gradus"));
//   engine.run(images, batch, outputs);
// Everything is chosen, packed and allocated when the engine is made; run() allocates nothing, but
// for what an operator of a float island needs for itself.
// docs/numerics.md says what is computed, runtime/reference.h is the same in plain loops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/cpu.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

struct EngineOptions {
  int threads = 1;              // 1 .. 256; the results do not depend on it
  std::int64_t max_batch = 32;  // images that memory is planned for; larger batches run in slices
  Isa isa = active_isa();       // the most capable instruction set that kernels may use
  // Nodes with fewer multiply-adds (of a slice) than this run on the calling thread alone: waking
  // the others would take longer.
  std::int64_t parallel_macs = 1 << 18;
};

// What `bench` and `inspect` show of a node.
struct NodeInfo {
  std::string name;
  const char* op = "";
  std::string kernel;                 // "none" where the output is the input under another name
  std::string refusals;               // why faster kernels were passed over, or ""
  std::int64_t macs = 0;              // multiply-adds of one image
  std::int64_t weight_bytes = 0;      // at their bit width
  std::int64_t activation_bytes = 0;  // inputs and output of one image, one byte a code
};

// A tensor right after the node that made it ran; valid during the call only.
struct TensorResult {
  const std::string& node;
  const QTensor& tensor;
  std::int64_t first_image = 0;  // of run()'s batch
  std::int64_t batch = 0;
  // [batch, channels, height, width]; the one of the tensor's kind, the other is empty.
  std::span<const std::int32_t> codes;  // on the tensor's grid
  std::span<const float> values;
};

// Where run() puts an output, [batch, channels, height, width]; an empty span is left out.
struct OutputBuffer {
  std::span<float> values;        // codes are dequantized
  std::span<std::int32_t> codes;  // only of outputs that are codes
};

class Engine {
 public:
  // Checks the model with validate(); keeps nothing of it but packed weights. Throws Error:
  // kInvalidFile as validate() does, kInvalidArgument for an option out of range or an instruction
  // set that this CPU lacks, kUnsupported if the memory for max_batch images is out of reach.
  explicit Engine(const QModel& model, const EngineOptions& options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const QTensor& input() const noexcept;
  std::span<const QTensor> outputs() const noexcept;
  std::span<const NodeInfo> nodes() const noexcept;
  std::size_t arena_bytes() const noexcept;  // of activations, for max_batch images

  // Runs `batch` >= 1 images [batch, channels, height, width]. `outputs` takes every output after
  // the other, each [batch, channels, height, width] as floats. Not to be called twice at once.
  // Throws Error: kInvalidArgument if a size does not fit or an image holds NaN; kFailed, naming
  // the node, if a float island gives NaN where codes are due.
  void run(std::span<const float> images, std::int64_t batch, std::span<float> outputs);
  // The same, one buffer an output.
  void run(std::span<const float> images, std::int64_t batch,
           std::span<const OutputBuffer> outputs);

  // Called after every node, on the calling thread; an empty function ends it. While set, run() is
  // slower; setting it allocates.
  void set_observer(std::function<void(const TensorResult&)> observer);
  // Called after every node that runs (kernel not "none"): its index, the images, nanoseconds.
  void set_timer(std::function<void(std::size_t node, std::int64_t batch, std::int64_t ns)> timer);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace gradus
