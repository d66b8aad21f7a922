// The families beside convolution on the tensors of ResNet-18, every kernel of their lists that
// this CPU runs: elements of the output a second.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "gradus/kernels/add/add.h"
#include "gradus/kernels/lookup/lookup.h"
#include "gradus/kernels/output_stage/output_stage.h"
#include "gradus/kernels/pool/pool.h"
#include "gradus/kernels/quantize/quantize.h"

namespace gradus::kernels {
namespace {

struct Tensor {
  Tensor(std::int32_t height, std::int32_t width, std::int32_t channels)
      : codes(static_cast<std::size_t>(height * width * ((channels + 3) / 4 * 4)) + 64, 3) {
    view.data = codes.data();
    view.height = height;
    view.width = width;
    view.channels = channels;
    view.pixel_step = (channels + 3) / 4 * 4;
    view.row_step = view.pixel_step * width;
    view.image_step = view.row_step * height;
  }
  std::int64_t elements() const { return std::int64_t{view.height} * view.width * view.channels; }

  std::vector<std::uint8_t> codes;
  ActivationView view;
};

template <typename Body>
void measure(benchmark::State& state, std::int64_t elements, Body body) {
  for (auto _ : state) {
    body();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * elements);
}

void add_64_56(benchmark::State& state, const AddKernel& kernel, Profile profile) {
  Tensor a(56, 56, 64), b(56, 56, 64), out(56, 56, 64);
  const Grid grid{0, 255, false};
  const AddArgs args{
      make_integer_add(profile, {grid, 0.1f, 128}, {grid, 0.2f, 3}, {grid, 0.2f, 9}, 0, 255),
      a.view, b.view, out.view};
  measure(state, out.elements(), [&] { kernel.run(args, 0, 56); });
}

void lookup_64_56(benchmark::State& state, const LookupKernel& kernel) {
  Tensor in(56, 56, 64), out(56, 56, 64);
  const std::vector<std::uint8_t> table(256, 7);
  const LookupArgs args{table.data(), in.view, out.view};
  measure(state, out.elements(), [&] { kernel.run(args, 0, 56); });
}

void quantize_3_224(benchmark::State& state, const QuantizeKernel& kernel) {
  Tensor out(224, 224, 3);
  const std::vector<float> in(3 * 224 * 224, 0.3f);
  QuantizeArgs args;
  args.in = in.data();
  args.scale = 0.017f;
  args.zero_point = 114;
  args.out = out.view;
  measure(state, out.elements(), [&] { kernel.run(args, 0, 224); });
}

void max_pool_64_112(benchmark::State& state, const MaxPoolKernel& kernel) {
  Tensor in(112, 112, 64), out(56, 56, 64);
  const MaxPoolArgs args{{3, 3, 2, 2, 1, 1, 1, 1, 1, 1}, in.view, out.view};
  measure(state, out.elements(), [&] { kernel.run(args, 0, 56); });
}

void average_pool_512_7(benchmark::State& state, const AveragePoolKernel& kernel) {
  Tensor in(7, 7, 512), out(1, 1, 512);
  const std::vector<float> multiplier(512, 0.02f);
  std::vector<OutputStageParams> outputs(49);
  outputs[48].multiplier = multiplier.data();
  AveragePoolArgs args;
  args.shape = {7, 7, 1, 1, 1, 1, 0, 0, 0, 0};
  args.store = select_output_stage(kernel.isa).run;
  args.output = outputs.data();
  args.in = in.view;
  args.out = out.view;
  measure(state, in.elements(), [&] { kernel.run(args, 0, 1); });
}

void output_stage_tile(benchmark::State& state, const OutputStageKernel& kernel, Profile profile) {
  const std::vector<std::int32_t> acc(14 * 32, 1000);
  std::vector<std::uint8_t> out(14 * 32);
  const std::vector<float> multiplier(64, 0.02f);
  const std::vector<FixedMultiplier> fixed(64, fixed_multiplier(0.02));
  OutputStageParams params;
  params.profile = profile;
  params.multiplier = multiplier.data();
  params.fixed = fixed.data();
  measure(state, 14 * 32, [&] { kernel.run(params, {acc.data(), 32, 14, 0, 32, out.data(), 32}); });
}

// Registers `body(state, kernel, more...)` for every kernel of a list that this CPU runs.
template <typename List, typename Body, typename... More>
void register_all(const char* what, const List& kernels, Body body, More... more) {
  for (const auto& kernel : kernels) {
    if (!isa_supported(kernel.isa)) continue;
    benchmark::RegisterBenchmark((std::string(what) + "/" + kernel.name).c_str(),
                                 [=](benchmark::State& state) { body(state, kernel, more...); })
        ->Unit(benchmark::kMicrosecond)
        ->MinTime(0.1);
  }
}

}  // namespace

void register_elementwise() {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const std::string name = profile_name(profile);
    register_all(("add 64@56 " + name).c_str(), add_kernels(), add_64_56, profile);
    register_all(("output stage 14x32 " + name).c_str(), output_stage_kernels(), output_stage_tile,
                 profile);
  }
  register_all("lookup 64@56", lookup_kernels(), lookup_64_56);
  register_all("quantize 3@224", quantize_kernels(), quantize_3_224);
  register_all("max pool 3x3 s2 64@112", max_pool_kernels(), max_pool_64_112);
  register_all("average pool 512@7", average_pool_kernels(), average_pool_512_7);
}

}  // namespace gradus::kernels
