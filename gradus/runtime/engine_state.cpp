#include "gradus/runtime/engine_state.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "gradus/base/error.h"
#include "gradus/qmodel/cost.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/read_tensor.h"

namespace gradus {
namespace {

constexpr int kLargestThreads = 256;
constexpr std::int64_t kLargestBatch = 1 << 16;

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::kInvalidArgument, "engine: " + text);
}

const EngineOptions& checked(const EngineOptions& options) {
  if (options.threads < 1 || options.threads > kLargestThreads) {
    refuse("threads is " + std::to_string(options.threads) + "; expected 1 to " +
           std::to_string(kLargestThreads));
  }
  if (options.max_batch < 1 || options.max_batch > kLargestBatch) {
    refuse("max_batch is " + std::to_string(options.max_batch) + "; expected 1 to " +
           std::to_string(kLargestBatch));
  }
  if (!isa_supported(options.isa)) {
    refuse(std::string("this CPU cannot run ") + isa_name(options.isa));
  }
  return options;
}

const QModel& checked(const QModel& model) {
  validate(model, "engine");
  return model;
}

// Without a branch a value, so that the compiler can use vectors.
bool holds_nan(std::span<const float> values) {
  bool found = false;
  for (float value : values) found |= value != value;
  return found;
}

AlignedArray<std::byte> allocate(std::size_t bytes) {
  try {
    return AlignedArray<std::byte>(bytes);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kUnsupported, "engine: no memory for " + std::to_string(bytes) +
                                             " bytes of activations; lower the largest batch");
  }
}

}  // namespace

Engine::State::State(const QModel& model, const EngineOptions& options)
    : options_(checked(options)),
      plan_(make_plan(checked(model), options.max_batch)),
      tensors_(model.tensors),
      input_(model.input),
      outputs_(model.outputs),
      arena_(allocate(plan_.arena_bytes)),
      pool_(options.threads) {
  for (std::int32_t output : outputs_) output_tensors_.push_back(tensor(output));
  whole_outputs_.resize(outputs_.size());
  for (const QNode& node : model.nodes) add_node(model, node);
  scratch_ = allocate(scratch_step_ * static_cast<std::size_t>(options.threads));
}

void Engine::State::add_node(const QModel& model, const QNode& node) {
  const StepContext context = {model, node, options_.isa};
  const RuntimeOp& op = runtime_op(node.op);
  const QTensor& out = context.output();
  Node made;
  made.output = node.output;
  if (op.alias == nullptr || !op.alias(context)) {
    made.step = op.prepare(context);
    made.step->bind(*this);
    scratch_step_ = std::max(scratch_step_, (made.step->scratch_bytes() + 63) / 64 * 64);
    made.halo = plan_.tensors[static_cast<std::size_t>(node.output)].halo;
    made.has_halo = out.kind == QTensorKind::kCodes && (made.halo.top > 0 || made.halo.bottom > 0 ||
                                                        made.halo.left > 0 || made.halo.right > 0);
  }
  if (out.kind == QTensorKind::kCodes) {
    made.view = codes(node.output);
    made.zero = static_cast<std::uint8_t>(stored(out, out.zero_point));
  }
  const NodeCost cost = node_cost(model, node);
  infos_.push_back({node.name, operator_name(node.op), made.step ? made.step->kernel() : "none",
                    made.step ? made.step->refusals() : "", cost.macs, cost.weight_bytes,
                    cost.activation_bytes});
  nodes_.push_back(std::move(made));
}

void Engine::State::run_node(std::size_t index, std::int64_t batch, const float* images) {
  const Node& node = nodes_[index];
  const std::int64_t items = node.step->start(batch, images);
  const auto body = [&](int thread, std::int64_t begin, std::int64_t end) {
    if (node.has_halo) {
      // The same share of the images as of the items: together the threads fill every halo.
      kernels::fill_halo(node.view, node.halo, node.zero, begin * batch / items,
                         end * batch / items);
    }
    node.step->run(begin, end, scratch_.data() + static_cast<std::size_t>(thread) * scratch_step_);
  };
  // An operator without multiply-adds touches memory instead, about as long as eight a byte.
  const NodeInfo& info = infos_[index];
  if (batch * (info.macs + 8 * info.activation_bytes) < options_.parallel_macs) {
    body(0, 0, items);
  } else {
    pool_.parallel_for(items, body);
  }
  if (const char* text = node.step->failure()) {
    throw Error(ErrorCode::kFailed,
                "node '" + info.name + "' (" + info.kernel + "): " + std::string(text));
  }
}

void Engine::State::run_slice(const float* images, std::int64_t first, std::int64_t batch) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].step) {
      const auto begin = std::chrono::steady_clock::now();
      run_node(i, batch, images);
      if (timer_) {
        const auto time = std::chrono::steady_clock::now() - begin;
        timer_(i, batch, std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
      }
    }
    if (observer_) observe(i, first, batch);
  }
}

void Engine::State::read_reals(std::int32_t index, std::int64_t batch, float* out) const {
  const QTensor& from = tensor(index);
  if (from.kind == QTensorKind::kFloat) return read_values(from, values(index), batch, out);
  std::copy_n(values(index), batch * elements(from), out);
}

void Engine::State::observe(std::size_t index, std::int64_t first, std::int64_t batch) {
  const QTensor& out = tensor(nodes_[index].output);
  const auto size = static_cast<std::size_t>(batch * elements(out));
  TensorResult result = {infos_[index].name, out, first, batch, {}, {}};
  if (out.kind == QTensorKind::kCodes) {
    read_codes(out, nodes_[index].view, batch, observed_codes_.data());
    result.codes = std::span(observed_codes_).first(size);
  } else {
    read_reals(nodes_[index].output, batch, observed_values_.data());
    result.values = std::span(observed_values_).first(size);
  }
  observer_(result);
}

void Engine::State::set_observer(std::function<void(const TensorResult&)> observer) {
  observer_ = std::move(observer);
  std::int64_t largest = 0;
  if (observer_) {
    for (const QTensor& t : tensors_) largest = std::max(largest, elements(t));
  }
  observed_codes_.resize(static_cast<std::size_t>(largest * options_.max_batch));
  observed_values_.resize(observed_codes_.size());
}

void Engine::State::check_run(std::span<const float> images, std::int64_t batch,
                              std::span<const OutputBuffer> outputs) const {
  if (batch < 1) refuse("the batch is " + std::to_string(batch) + "; expected 1 or more");
  const std::int64_t size = elements(tensor(input_));
  if (static_cast<std::int64_t>(images.size()) / size != batch ||
      static_cast<std::int64_t>(images.size()) % size != 0) {
    refuse(std::to_string(images.size()) + " input values for " + std::to_string(batch) +
           " images; expected " + std::to_string(size) + " each");
  }
  if (outputs.size() != outputs_.size()) {
    refuse(std::to_string(outputs.size()) + " output buffers; expected " +
           std::to_string(outputs_.size()));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const QTensor& out = output_tensors_[i];
    const auto whole = static_cast<std::size_t>(batch * elements(out));
    const auto fits = [&](auto span) { return span.empty() || span.size() == whole; };
    if (!fits(outputs[i].values) || !fits(outputs[i].codes)) {
      refuse("the buffer of output '" + out.name + "' does not hold " + std::to_string(whole) +
             " values");
    }
    if (out.kind != QTensorKind::kCodes && !outputs[i].codes.empty()) {
      refuse("output '" + out.name + "' has no codes: it is floats");
    }
  }
}

void Engine::State::write_outputs(std::int64_t first, std::int64_t batch,
                                  std::span<const OutputBuffer> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const QTensor& out = output_tensors_[i];
    const auto from = static_cast<std::size_t>(first * elements(out));
    const OutputBuffer& buffer = outputs[i];
    if (out.kind != QTensorKind::kCodes) {
      if (!buffer.values.empty()) read_reals(outputs_[i], batch, buffer.values.data() + from);
      continue;
    }
    const kernels::ActivationView view = codes(outputs_[i]);
    if (!buffer.codes.empty()) read_codes(out, view, batch, buffer.codes.data() + from);
    if (!buffer.values.empty()) read_dequantized(out, view, batch, buffer.values.data() + from);
  }
}

void Engine::State::run(std::span<const float> images, std::int64_t batch,
                        std::span<const OutputBuffer> outputs) {
  check_run(images, batch, outputs);
  const std::int64_t size = elements(tensor(input_));
  for (std::int64_t image = 0; image < batch; ++image) {
    if (holds_nan(images.subspan(static_cast<std::size_t>(image * size),
                                 static_cast<std::size_t>(size)))) {
      refuse("image " + std::to_string(image) + " of the batch holds NaN; expected numbers");
    }
  }
  for (std::int64_t first = 0; first < batch; first += options_.max_batch) {
    const std::int64_t slice = std::min(options_.max_batch, batch - first);
    run_slice(images.data() + first * size, first, slice);
    write_outputs(first, slice, outputs);
  }
}

void Engine::State::run(std::span<const float> images, std::int64_t batch,
                        std::span<float> outputs) {
  if (batch < 1) refuse("the batch is " + std::to_string(batch) + "; expected 1 or more");
  std::size_t whole = 0;
  for (const QTensor& out : output_tensors_) {
    whole += static_cast<std::size_t>(elements(out));
  }
  if (outputs.size() % whole != 0 || outputs.size() / whole != static_cast<std::size_t>(batch)) {
    refuse("room for " + std::to_string(outputs.size()) + " output values; expected " +
           std::to_string(whole) + " an image");
  }
  std::size_t from = 0;
  for (std::size_t i = 0; i < whole_outputs_.size(); ++i) {
    const auto count = static_cast<std::size_t>(batch * elements(output_tensors_[i]));
    whole_outputs_[i].values = outputs.subspan(from, count);
    from += count;
  }
  run(images, batch, whole_outputs_);
}

}  // namespace gradus
