// Every convolution kernel that this CPU runs on the layers of known networks: GMAC/s and the share
// of the machine's own peak, which is measured in short bursts beside each layer, since clocks
// drift.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gradus/kernels/conv/conv.h"
#include "gradus/kernels/peak.h"

namespace gradus::kernels {
namespace {

struct LayerCase {
  const char* name;
  std::int32_t size, in, out, kernel, stride, groups;
  std::int32_t input_max, weight_max;
};

constexpr LayerCase kLayers[] = {
    {"first 7x7 s2 3@224->64", 224, 3, 64, 7, 2, 1, 127, 127},
    {"3x3 64@56", 56, 64, 64, 3, 1, 1, 127, 127},
    {"3x3 128@28", 28, 128, 128, 3, 1, 1, 127, 127},
    {"3x3 256@14", 14, 256, 256, 3, 1, 1, 127, 127},
    {"3x3 512@7", 7, 512, 512, 3, 1, 1, 127, 127},
    {"3x3 s2 64@56->128", 56, 64, 128, 3, 2, 1, 127, 127},
    {"3x3 s2 128@28->256", 28, 128, 256, 3, 2, 1, 127, 127},
    {"3x3 s2 256@14->512", 14, 256, 512, 3, 2, 1, 127, 127},
    {"1x1 s2 64@56->128", 56, 64, 128, 1, 2, 1, 127, 127},
    {"1x1 s2 128@28->256", 28, 128, 256, 1, 2, 1, 127, 127},
    {"1x1 s2 256@14->512", 14, 256, 512, 1, 2, 1, 127, 127},
    {"1x1 64@56", 56, 64, 64, 1, 1, 1, 127, 127},
    {"1x1 256@14", 14, 256, 256, 1, 1, 1, 127, 127},
    {"1x1 16@112->96", 112, 16, 96, 1, 1, 1, 127, 127},
    {"1x1 96@56->24", 56, 96, 24, 1, 1, 1, 127, 127},
    {"fc 512->1000", 1, 512, 1000, 1, 1, 1, 127, 127},
    {"3x3 16@32", 32, 16, 16, 3, 1, 1, 127, 127},
    {"3x3 32@16", 16, 32, 32, 3, 1, 1, 127, 127},
    {"3x3 64@8", 8, 64, 64, 3, 1, 1, 127, 127},
    {"depthwise 3x3 32@112", 112, 32, 32, 3, 1, 32, 255, 127},
    {"depthwise 3x3 96@112 s2", 112, 96, 96, 3, 2, 96, 255, 127},
    {"depthwise 3x3 384@14", 14, 384, 384, 3, 1, 384, 255, 127},
    {"3x3 64@56 groups 2", 56, 64, 64, 3, 1, 2, 127, 127},
    {"3x3 64@56 w9 bits", 56, 64, 64, 3, 1, 1, 255, 255},
};

ConvShape shape_of(const LayerCase& layer) {
  ConvShape s;
  const std::int32_t pad = layer.kernel / 2;
  s.in_height = s.in_width = layer.size;
  s.in_channels = layer.in;
  s.out_channels = layer.out;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = pad;
  s.groups = layer.groups;
  s.out_height = s.out_width = (layer.size + 2 * pad - layer.kernel) / layer.stride + 1;
  return s;
}

template <typename T>
class Aligned {
 public:
  explicit Aligned(std::size_t count)
      : data_(static_cast<T*>(std::aligned_alloc(4096, (count * sizeof(T) + 8191) / 4096 * 4096))) {
    std::fill_n(reinterpret_cast<char*>(data_.get()), count * sizeof(T), char{1});
  }
  T* get() { return data_.get(); }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
};

double seconds_of(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run_layer(benchmark::State& state, const ConvKernel& kernel, const LayerCase& layer) {
  const ConvShape shape = shape_of(layer);
  const std::size_t weights_count =
      static_cast<std::size_t>(std::int64_t{shape.out_channels} * shape.kernel_h * shape.kernel_w *
                               (shape.in_channels / shape.groups));
  std::mt19937 random(1);
  std::vector<std::int16_t> weights(weights_count);
  for (auto& w : weights) {
    w = static_cast<std::int16_t>(
        static_cast<int>(random() % static_cast<unsigned>(2 * layer.weight_max + 1)) -
        layer.weight_max);
  }
  const ConvProblem problem{shape, layer.input_max, weights, -layer.weight_max, layer.weight_max};
  Aligned<std::byte> packed(kernel.packed_bytes(problem));
  kernel.pack(problem, packed.get());
  const std::int32_t pad = shape.pad_top;
  ActivationView in{nullptr, shape.in_height, shape.in_width, shape.in_channels};
  in.pixel_step = (shape.in_channels + 3) / 4 * 4;
  in.row_step = in.pixel_step * (shape.in_width + 2 * pad);
  in.image_step = in.row_step * (shape.in_height + 2 * pad);
  Aligned<std::uint8_t> input(static_cast<std::size_t>(in.image_step) + 64);
  for (std::ptrdiff_t i = 0; i < in.image_step; ++i) {
    input.get()[i] = static_cast<std::uint8_t>(random() % 128);
  }
  in.data = input.get() + pad * in.row_step + pad * in.pixel_step;
  ActivationView out{nullptr, shape.out_height, shape.out_width, shape.out_channels};
  out.pixel_step = (shape.out_channels + 3) / 4 * 4;
  out.row_step = out.pixel_step * shape.out_width;
  out.image_step = out.row_step * shape.out_height;
  Aligned<std::uint8_t> output(static_cast<std::size_t>(out.image_step));
  out.data = output.get();
  const std::size_t channels = static_cast<std::size_t>((shape.out_channels + 63) / 64 * 64);
  std::vector<std::int32_t> bias(channels, 100);
  std::vector<float> multiplier(channels, 0.001f);
  OutputStageParams stage;
  stage.multiplier = multiplier.data();
  stage.zero_point = 10;
  Aligned<std::byte> scratch(kernel.scratch_bytes(shape));
  const ConvArgs args{&shape,      1,   packed.get(),
                      bias.data(), in,  select_output_stage(kernel.isa).run,
                      &stage,      out, nullptr};
  const std::int64_t items = kernel.work_items(shape, 1);
  double best = 1e9;
  double peak = 0;
  for (auto _ : state) {
    const double seconds = seconds_of([&] { kernel.run(args, 0, items, scratch.get()); });
    best = std::min(best, seconds);
    if (state.iterations() % 64 == 0) peak = std::max(peak, peak_gmacs(kernel.isa, 1.0));
    state.SetIterationTime(seconds);
  }
  const double gmacs = static_cast<double>(shape.macs()) / best * 1e-9;
  state.counters["best_us"] = best * 1e6;
  state.counters["GMAC/s"] = gmacs;
  state.counters["peak_%"] = 100.0 * gmacs / peak;
}

void register_layers() {
  for (const LayerCase& layer : kLayers) {
    const ConvShape shape = shape_of(layer);
    // Any weights of the range: pairs are asked with ones that do not saturate.
    const ConvProblem problem{shape, layer.input_max, {}, -layer.weight_max, layer.weight_max};
    for (const ConvKernel& kernel : conv_kernels()) {
      if (!isa_supported(kernel.isa) || kernel.unsupported(problem) != nullptr) continue;
      benchmark::RegisterBenchmark(
          (std::string(layer.name) + "/" + kernel.name).c_str(),
          [&](benchmark::State& state) { run_layer(state, kernel, layer); })
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond)
          ->MinTime(0.15);
    }
  }
}

}  // namespace

void register_elementwise();  // elementwise_bench.cpp

}  // namespace gradus::kernels

int main(int argc, char** argv) {
  gradus::kernels::register_layers();
  gradus::kernels::register_elementwise();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
