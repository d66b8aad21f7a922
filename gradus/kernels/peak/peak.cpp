#include "gradus/kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "gradus/kernels/peak/kernels.h"
#include "gradus/kernels/select.h"

namespace gradus::kernels {
namespace {

using Clock = std::chrono::steady_clock;

constexpr PeakLoop kLoops[] = {
#if defined(__x86_64__)
    {"vpdpbusd zmm", Isa::kAvx512Vnni, 12.0 * 64, peak_vnni_avx512vnni},
    {"vpmaddubsw+vpmaddwd+vpaddd ymm", Isa::kAvx2, 10.0 * 32, peak_pairs_avx2},
    {"vpmaddwd+vpaddd ymm", Isa::kAvx2, 10.0 * 16, peak_wide_avx2},
#endif
    {"scalar", Isa::kScalar, 8.0, peak_scalar},
};

double seconds(const PeakLoop& loop, long iterations) {
  const Clock::time_point start = Clock::now();
  loop.run(iterations);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

void peak_scalar(long iterations) noexcept {
  std::int32_t acc[8] = {};
  std::int32_t a = 3;
  std::int32_t b = 5;
  for (long n = 0; n < iterations; ++n) {
    // Kept in registers and unknown to the compiler, so that it neither folds nor vectorises.
    asm volatile("" : "+r"(a), "+r"(b));
    for (std::int32_t& sum : acc) {
      sum += a * b;
      asm volatile("" : "+r"(sum), "+r"(a));
    }
  }
}

std::span<const PeakLoop> peak_loops() noexcept { return kLoops; }

double measure_peak(const PeakLoop& loop, double milliseconds) {
  // A burst is long against the clock's step and short against a turn of another process.
  constexpr double kBurst = 100e-6;
  long iterations = 1000;
  while (seconds(loop, iterations) < kBurst) iterations *= 2;
  const auto bursts = static_cast<int>(std::max(3.0, milliseconds * 1e-3 / kBurst));
  double best = seconds(loop, iterations);
  for (int i = 0; i < bursts; ++i) best = std::min(best, seconds(loop, iterations));
  return static_cast<double>(iterations) * loop.macs / best * 1e-9;
}

double peak_gmacs(Isa isa, double milliseconds) {
  return measure_peak(first_of(peak_loops(), isa), milliseconds);
}

}  // namespace gradus::kernels
