// Images of up to four channels in pixels of four bytes: eight pixels at a time, their codes merged
// to one 32-bit lane a pixel. Other images go the scalar way.
#include <immintrin.h>
#include <stdint.h>

#include "gradus/kernels/output_stage/x86_avx2_requantize.h"
#include "gradus/kernels/quantize/kernels.h"
#include "gradus/kernels/rows.h"

namespace gradus::kernels {
namespace {

struct Quantize8 {
  __m256 scale, low, high;
  __m256i zero_point;

  explicit Quantize8(const QuantizeArgs& p)
      : scale(_mm256_set1_ps(p.scale)),
        low(_mm256_set1_ps(static_cast<float>(p.low - p.zero_point))),
        high(_mm256_set1_ps(static_cast<float>(p.high - p.zero_point))),
        zero_point(_mm256_set1_epi32(p.zero_point)) {}

  // Pixels x .. x + 7 of every channel.
  void operator()(const float* in, int64_t plane, int32_t channels, uint8_t* out) const {
    __m256i pixels = _mm256_setzero_si256();
    for (int32_t c = 0; c < channels; ++c) {
      const __m256 quotient = _mm256_div_ps(_mm256_loadu_ps(in + c * plane), scale);
      const __m256i code = round_code_avx2(quotient, low, high, zero_point);
      pixels = _mm256_or_si256(pixels, _mm256_sllv_epi32(code, _mm256_set1_epi32(8 * c)));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), pixels);
  }
};

}  // namespace

void quantize_avx2(const QuantizeArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  if (args.binary || out.pixel_step != 4 || out.width < 8) {
    quantize_scalar(args, begin, end);
    return;
  }
  const Quantize8 quantize8(args);
  const int64_t plane = int64_t{out.height} * out.width;
  for (int64_t item = begin; item < end; ++item) {
    const float* in =
        args.in + item / out.height * out.channels * plane + item % out.height * out.width;
    uint8_t* row = row_of(out, item);
    int32_t x = 0;
    for (; x + 8 <= out.width; x += 8) {
      quantize8(in + x, plane, out.channels, row + 4 * x);
    }
    // The last eight pixels again, where a few are left.
    x = out.width - 8;
    quantize8(in + x, plane, out.channels, row + 4 * x);
  }
}

}  // namespace gradus::kernels
