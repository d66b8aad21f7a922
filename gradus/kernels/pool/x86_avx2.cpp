// Both pools, 32 (maximum) or 16 (average) channels at a time. The last channels are read with
// their neighbours, as tensor_view.h allows, and written alone.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "gradus/kernels/pool/kernels.h"
#include "gradus/kernels/pool/window.h"

namespace gradus::kernels {
namespace {

// The taps of a window that lie in the image, as memory.
struct Window {
  const uint8_t* first;
  int32_t rows, columns;
  std::ptrdiff_t row_step, column_step;
};

inline Window window_at(const PoolShape& s, const ActivationView& in, int64_t image, int32_t row,
                        int32_t column) {
  const int32_t y = row * s.stride_h - s.pad_top;
  const int32_t x = column * s.stride_w - s.pad_left;
  const Taps rows = taps_within(y, s.kernel_h, s.dilation_h, 0, in.height);
  const Taps columns = taps_within(x, s.kernel_w, s.dilation_w, 0, in.width);
  return {in.data + image * in.image_step + (y + rows.begin * s.dilation_h) * in.row_step +
              (x + columns.begin * s.dilation_w) * in.pixel_step,
          rows.end - rows.begin, columns.end - columns.begin, s.dilation_h * in.row_step,
          s.dilation_w * in.pixel_step};
}

inline __m256i maximum(const Window& w, int32_t channel) {
  __m256i result = _mm256_setzero_si256();
  for (int32_t ky = 0; ky < w.rows; ++ky) {
    const uint8_t* in = w.first + ky * w.row_step + channel;
    for (int32_t kx = 0; kx < w.columns; ++kx, in += w.column_step) {
      result = _mm256_max_epu8(result, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in)));
    }
  }
  return result;
}

inline void max_pixel(const Window& w, int32_t channels, uint8_t* out) {
  int32_t c = 0;
  for (; c + 32 <= channels; c += 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + c), maximum(w, c));
  }
  if (c == channels) return;
  uint8_t last[32];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(last), maximum(w, c));
  memcpy(out + c, last, static_cast<size_t>(channels - c));
}

// Sixteen sums of codes, less taps * zero_point.
inline void sums(const Window& w, int32_t channel, int32_t zero_point, int32_t* acc) {
  __m256i lo = _mm256_set1_epi32(-w.rows * w.columns * zero_point);
  __m256i hi = lo;
  for (int32_t ky = 0; ky < w.rows; ++ky) {
    const uint8_t* in = w.first + ky * w.row_step + channel;
    for (int32_t kx = 0; kx < w.columns; ++kx, in += w.column_step) {
      const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
      lo = _mm256_add_epi32(lo, _mm256_cvtepu8_epi32(codes));
      hi = _mm256_add_epi32(hi, _mm256_cvtepu8_epi32(_mm_srli_si128(codes, 8)));
    }
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc), lo);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(acc + 8), hi);
}

}  // namespace

void max_pool_avx2(const MaxPoolArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t image = item / out.height;
    const int32_t row = static_cast<int32_t>(item % out.height);
    uint8_t* pixel = out.data + image * out.image_step + row * out.row_step;
    for (int32_t x = 0; x < out.width; ++x, pixel += out.pixel_step) {
      max_pixel(window_at(args.shape, args.in, image, row, x), out.channels, pixel);
    }
  }
}

void average_pool_avx2(const AveragePoolArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  for (int64_t item = begin; item < end; ++item) {
    const int64_t image = item / out.height;
    const int32_t row = static_cast<int32_t>(item % out.height);
    for (int32_t x = 0; x < out.width; ++x) {
      const Window window = window_at(args.shape, args.in, image, row, x);
      const int32_t divisor = average_pool_count(args.shape, args.count_include_pad, args.in.height,
                                                 args.in.width, row, x);
      for (int32_t c = 0; c < out.channels; c += 16) {
        int32_t acc[16];
        sums(window, c, args.zero_point, acc);
        const int32_t count = out.channels - c < 16 ? out.channels - c : 16;
        const std::ptrdiff_t at =
            image * out.image_step + row * out.row_step + x * out.pixel_step + c;
        if (args.divides) {
          store_averages(args, acc, count, divisor, out.data + at);
          continue;
        }
        const OutputStageParams& output = args.output[divisor - 1];
        void* place = nullptr;
        if (output.kind == OutputKind::kFloat) {
          place = args.out_float + (item * out.width + x) * out.channels + c;
        } else {
          place = out.data + at;
        }
        const OutputTile tile{acc, 16, 1, c, count, place, 1};
        args.store(output, tile);
      }
    }
  }
}

}  // namespace gradus::kernels
