#include "gradus/cli/training/speed.h"

#include <chrono>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/cli/median.h"
#include "gradus/prepare/prepare.h"
#include "gradus/recipe/recipe.h"
#include "gradus/runtime/engine.h"
#include "gradus/train/float_runner.h"

namespace gradus {

Speed measure_speed(const QModel& model, const Graph& network, int threads, std::int64_t batch,
                    Isa isa, double seconds) {
  using Clock = std::chrono::steady_clock;
  EngineOptions options;
  options.threads = threads;
  options.max_batch = batch;
  options.isa = isa;
  Engine engine(model, options);
  Graph folded = network;
  Recipe recipe = preset_recipe("float");
  recipe.bn = BatchNormMode::kFold;
  prepare(folded, recipe);
  FloatRunner runner(std::move(folded), threads);

  const QTensor& in = engine.input();
  std::vector<float> images(
      static_cast<std::size_t>(batch) * static_cast<std::size_t>(in.channels) *
      static_cast<std::size_t>(in.height) * static_cast<std::size_t>(in.width));
  Rng rng(1);
  for (float& pixel : images) pixel = rng.normal();
  const QTensor& out = engine.outputs()[0];
  std::vector<float> outputs(
      static_cast<std::size_t>(batch) * static_cast<std::size_t>(out.channels) *
      static_cast<std::size_t>(out.height) * static_cast<std::size_t>(out.width));
  std::vector<double> integer_ms;
  std::vector<double> float_ms;
  engine.run(images, batch, outputs);  // pages and caches of both
  runner.run_ms(images, batch);
  const auto start = Clock::now();
  do {
    const auto begin = Clock::now();
    engine.run(images, batch, outputs);
    integer_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    float_ms.push_back(runner.run_ms(images, batch));
  } while (Clock::now() - start < std::chrono::duration<double>(seconds) || float_ms.size() < 5);
  const auto count = static_cast<double>(batch);
  return {median(integer_ms) / count, median(float_ms) / count};
}

}  // namespace gradus
