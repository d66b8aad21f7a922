#include "gradus/cli/layer_times.h"

#include <chrono>

#include "gradus/base/rng.h"
#include "gradus/cli/median.h"
#include "gradus/kernels/peak.h"

namespace gradus {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t elements(const QTensor& tensor) {
  return static_cast<std::size_t>(tensor.channels) * static_cast<std::size_t>(tensor.height) *
         static_cast<std::size_t>(tensor.width);
}

}  // namespace

ModelTime time_model(const QModel& model, int threads, std::int64_t batch, Isa isa,
                     double seconds) {
  EngineOptions options;
  options.threads = threads;
  options.max_batch = batch;
  options.isa = isa;
  Engine engine(model, options);
  std::vector<float> images(elements(engine.input()) * static_cast<std::size_t>(batch));
  Rng rng(1);
  for (float& pixel : images) pixel = rng.normal();
  std::vector<float> outputs;
  std::size_t output_elements = 0;
  for (const auto& out : engine.outputs()) output_elements += elements(out);
  outputs.resize(output_elements * static_cast<std::size_t>(batch));

  const auto nodes = engine.nodes();
  std::vector<std::vector<double>> samples(nodes.size());
  std::vector<double> whole;
  std::vector<double> peaks;
  engine.run(images, batch, outputs);  // pages and caches
  const double count = static_cast<double>(batch);
  const auto start = Clock::now();
  do {
    peaks.push_back(kernels::peak_gmacs(isa, 3.0));
    // The timer costs little, but not nothing: the whole network is timed without it.
    engine.set_timer({});
    const auto begin = Clock::now();
    engine.run(images, batch, outputs);
    whole.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count() /
                    count);
    engine.set_timer([&](std::size_t node, std::int64_t, std::int64_t ns) {
      samples[node].push_back(static_cast<double>(ns) * 1e-6 / count);
    });
    engine.run(images, batch, outputs);
  } while (Clock::now() - start < std::chrono::duration<double>(seconds) || whole.size() < 5);

  ModelTime result;
  result.ms = median(whole);
  result.peak_gmacs = median(peaks);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    LayerTime layer;
    layer.info = nodes[i];
    // A node whose output is its input under another name never runs.
    layer.ms = samples[i].empty() ? 0.0 : median(samples[i]);
    layer.gmacs = layer.ms > 0 ? static_cast<double>(layer.info.macs) / layer.ms * 1e-6 : 0.0;
    result.macs += layer.info.macs;
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace gradus
