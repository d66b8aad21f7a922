#include "gradus/train/calibrate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/data/dataset.h"
#include "gradus/fakequant/observer.h"
#include "gradus/train/batches.h"
#include "gradus/train/network.h"

namespace gradus {
namespace {

std::unique_ptr<Observer> observer_of(const Quantizer& quantizer) {
  return find_observer(quantizer.observer)
      .make({quantizer.spec,
             quantizer.averaging_constant,
             quantizer.percentile,
             {quantizer.given_min, quantizer.given_max}});
}

QuantizationParameters binary_parameters(const at::Tensor& weights, const QuantizerSpec& spec) {
  const at::Tensor rows =
      (spec.per_channel ? weights.transpose(0, spec.axis) : weights).contiguous();
  const std::int64_t channels = spec.per_channel ? rows.size(0) : 1;
  const auto row = static_cast<std::size_t>(rows.numel() / channels);
  QuantizationParameters parameters;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
    parameters.scale.push_back(binary_scale({rows.const_data_ptr<float>() + c * row, row}));
    parameters.zero_point.push_back(0);
  }
  return parameters;
}

// Runs `compute` so that an error starts with the value's name.
template <typename Compute>
auto naming(const std::string& name, Compute compute) {
  try {
    return compute();
  } catch (const Error& error) {
    throw Error(error.code(), "value '" + name + "': " + error.what());
  }
}

void calibrate_weights(Graph& graph) {
  for (Value& value : graph.values) {
    if (!value.constant || value.quantizer == kNoQuantizer) continue;
    Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(value.quantizer)];
    const at::Tensor weights = to_torch(*value.constant);
    quantizer.parameters = naming(value.name, [&] {
      if (quantizer.spec.grid().binary) return binary_parameters(weights, quantizer.spec);
      const auto observer = observer_of(quantizer);
      observer->observe(weights);
      return parameters_of(observer->ranges(), quantizer.spec);
    });
  }
}

// Values that lie whole in a Concat of the same quantizer, where they are observed.
std::vector<bool> parts_of_concats(const Graph& graph) {
  std::vector<bool> found(graph.values.size(), false);
  for (const Node& node : graph.nodes) {
    const QuantizerId joined = graph.value(node.outputs.at(0)).quantizer;
    if (node.op != "Concat" || joined == kNoQuantizer) continue;
    for (ValueId id : node.inputs) {
      if (graph.value(id).quantizer == joined) found[static_cast<std::size_t>(id)] = true;
    }
  }
  return found;
}

using Observers = std::map<QuantizerId, std::unique_ptr<Observer>>;

void observe_activations(const Graph& graph, const CalibrationRecipe& recipe, const Dataset& data,
                         Observers& observers,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const at::NoGradGuard no_grad;
  Network network(graph);
  ForwardOptions options;
  options.quantize = false;
  const std::vector<bool> in_another = parts_of_concats(graph);
  options.on_value = [&](ValueId id, const at::Tensor& value) {
    if (in_another[static_cast<std::size_t>(id)]) return;
    auto& observer = observers[graph.value(id).quantizer];
    if (!observer) {
      observer = observer_of(graph.quantizers[static_cast<std::size_t>(graph.value(id).quantizer)]);
    }
    observer->observe(value);
  };
  const std::int64_t all = std::min<std::int64_t>(recipe.images, data.size());
  const std::int64_t batch_size = std::min<std::int64_t>(recipe.batch_size, all);
  Loader loader(data, {.batch_size = batch_size,
                       .shuffle = true,
                       .seed = recipe.seed,
                       .augment = false,
                       .layout = Layout::kNhwc});
  for (std::int64_t done = 0; done < all;) {
    std::optional<Batch> batch = loader.next();
    if (!batch) break;
    network.forward(images_of(*batch, data.shape(), graph).slice(0, 0, all - done), options);
    for (auto& [id, observer] : observers) observer->end_batch();
    done = std::min(done + batch->n, all);
    if (progress) progress(done, all);
    loader.recycle(std::move(*batch));
  }
}

// Symmetric and unsigned would cut off everything below zero.
void choose_sign(Quantizer& quantizer, const Recipe& recipe, std::span<const Range> ranges) {
  const bool negative =
      std::any_of(ranges.begin(), ranges.end(), [](const Range& r) { return r.min < 0.0f; });
  const bool open = !recipe.activations.is_signed.has_value();
  if (open && quantizer.spec.symmetric && !quantizer.spec.is_signed && negative) {
    quantizer.spec.is_signed = true;
  }
}

}  // namespace

void calibrate(Graph& graph, const Recipe& recipe, const Dataset& data,
               const std::function<void(std::int64_t, std::int64_t)>& progress) {
  check_data(graph, data);
  calibrate_weights(graph);
  std::vector<const Value*> first(graph.quantizers.size(), nullptr);
  for (const Value& value : graph.values) {
    if (value.constant || value.quantizer == kNoQuantizer) continue;
    const Value*& known = first[static_cast<std::size_t>(value.quantizer)];
    if (known == nullptr) known = &value;
  }
  if (std::all_of(first.begin(), first.end(), [](const Value* v) { return v == nullptr; })) return;
  Observers observers;
  observe_activations(graph, recipe.calibration, data, observers, progress);
  for (auto& [id, observer] : observers) {
    Quantizer& quantizer = graph.quantizers[static_cast<std::size_t>(id)];
    const std::vector<Range> ranges = observer->ranges();
    choose_sign(quantizer, recipe, ranges);
    quantizer.parameters = naming(first[static_cast<std::size_t>(id)]->name,
                                  [&] { return parameters_of(ranges, quantizer.spec); });
  }
}

std::vector<std::int64_t> calibration_samples(const CalibrationRecipe& recipe, std::int64_t size) {
  std::vector<std::int64_t> order = epoch_order(size, true, recipe.seed, 0);
  order.resize(static_cast<std::size_t>(std::min<std::int64_t>(recipe.images, size)));
  return order;
}

bool is_calibrated(const Graph& graph) {
  return std::all_of(graph.values.begin(), graph.values.end(), [&](const Value& value) {
    return value.quantizer == kNoQuantizer ||
           !graph.quantizers[static_cast<std::size_t>(value.quantizer)].parameters.scale.empty();
  });
}

}  // namespace gradus
