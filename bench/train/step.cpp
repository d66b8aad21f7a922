// What quantization-aware training costs: one training step of a network of the zoo in float and at
// w4a4 with the straight-through and the learned-step estimator, in turns within one process.
//   bench_train_step [threads] [rounds] [network] [batch]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/source.h"
#include "gradus/prepare/prepare.h"
#include "gradus/train/calibrate.h"
#include "gradus/train/network.h"
#include "gradus/train/optimizer.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

struct Contestant {
  std::string name;
  Recipe recipe;
  Graph graph;
  std::unique_ptr<Network> network;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<double> milliseconds = {};
  std::vector<double> cpu_milliseconds =
      {};  // of all threads: what a busy machine does not distort
};

Graph zoo_graph(const std::string& name) {
  for (const ZooModel& model : zoo_models()) {
    if (model.name == name) return model.build({});
  }
  throw Error(ErrorCode::kInvalidArgument, "network '" + name + "' is not in the zoo");
}

Contestant make(const std::string& name, const std::string& network, const Dataset& data) {
  Recipe recipe = preset_recipe(name == "float" ? "float" : "w4a4");
  if (recipe.quantize) {
    recipe.weights.estimator = recipe.activations.estimator = name;
    recipe.weights.observer = "minmax";
    recipe.activations.observer = "moving_average_minmax";
  }
  Contestant contestant{name, recipe, zoo_graph(network), nullptr, nullptr};
  prepare(contestant.graph, recipe);
  if (recipe.quantize) calibrate(contestant.graph, recipe, data);
  return contestant;
}

double step(Contestant& c, const at::Tensor& images, const at::Tensor& labels) {
  const auto start = std::chrono::steady_clock::now();
  ForwardOptions options;
  options.quantize = options.observe = c.recipe.quantize;
  options.batch_statistics = true;
  const at::Tensor loss = at::cross_entropy_loss(c.network->forward(images, options), labels);
  c.optimizer->zero_grad();
  loss.backward();
  const auto scales = c.network->remember_scales();
  c.optimizer->step(0.001);
  c.network->limit_scales(scales);
  if (options.observe) c.network->update_quantizers();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(int threads, int rounds, const std::string& network, std::int64_t batch) {
  at::set_num_threads(threads);
  at::manual_seed(1);
  const auto data = open_dataset(parse_data_spec("synthetic:shapes,limit=512"), Split::kTrain);
  const at::Tensor images =
      at::randn({batch, 3, 32, 32}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::randint(0, 10, {batch}, at::kLong);
  std::vector<Contestant> contestants;
  for (const char* name : {"float", "ste", "lsq"})
    contestants.push_back(make(name, network, *data));
  for (Contestant& c : contestants) {
    c.network = std::make_unique<Network>(c.graph);
    c.optimizer = std::make_unique<Optimizer>(c.recipe.training, c.network->parameters());
  }
  for (int i = 0; i < rounds + 2; ++i) {
    for (Contestant& c : contestants) {
      const std::clock_t cpu = std::clock();
      const double ms = step(c, images, labels);
      if (i < 2) continue;
      c.milliseconds.push_back(ms);
      c.cpu_milliseconds.push_back(1000.0 * static_cast<double>(std::clock() - cpu) /
                                   CLOCKS_PER_SEC);
    }
  }
  const double base = median(contestants[0].milliseconds);
  const double cpu_base = median(contestants[0].cpu_milliseconds);
  std::printf("%s, batch %lld, %d threads, median of %d rounds\n", network.c_str(),
              static_cast<long long>(batch), threads, rounds);
  for (const Contestant& c : contestants) {
    std::printf("  %-6s %8.1f ms  %.3f x float   cpu %8.1f ms  %.3f x float\n", c.name.c_str(),
                median(c.milliseconds), median(c.milliseconds) / base, median(c.cpu_milliseconds),
                median(c.cpu_milliseconds) / cpu_base);
  }
}

}  // namespace
}  // namespace gradus

int main(int argc, char** argv) {
  try {
    gradus::run(argc > 1 ? std::atoi(argv[1]) : 2, argc > 2 ? std::atoi(argv[2]) : 15,
                argc > 3 ? argv[3] : "resnet20", argc > 4 ? std::atoll(argv[4]) : 128);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
