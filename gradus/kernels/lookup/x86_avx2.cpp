// vpshufb looks up 16 entries; the table is sixteen of those. For part k, in - 16 * k is below 16
// where the entry lies in the part; a saturating add of 0x70 sets bit 7 of all the others, which
// makes vpshufb give 0 for them.
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "gradus/kernels/lookup/kernels.h"
#include "gradus/kernels/rows.h"

namespace gradus::kernels {
namespace {

struct Table {
  __m256i parts[16];

  explicit Table(const uint8_t* table) {
    for (int k = 0; k < 16; ++k) {
      parts[k] = _mm256_broadcastsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16 * k)));
    }
  }

  void look_up(const uint8_t* in, uint8_t* out) const {
    const __m256i sixteen = _mm256_set1_epi8(16);
    const __m256i others = _mm256_set1_epi8(0x70);
    __m256i index = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    __m256i result = _mm256_setzero_si256();
#pragma GCC unroll 16
    for (int k = 0; k < 16; ++k) {
      result =
          _mm256_or_si256(result, _mm256_shuffle_epi8(parts[k], _mm256_adds_epu8(index, others)));
      index = _mm256_sub_epi8(index, sixteen);
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), result);
  }
};

void look_up_run(const Table& table, const uint8_t* in, uint8_t* out, int64_t length) {
  int64_t i = 0;
  for (; i + 32 <= length; i += 32) table.look_up(in + i, out + i);
  if (i == length) return;
  const size_t rest = static_cast<size_t>(length - i);
  uint8_t last_in[32] = {}, last_out[32];
  memcpy(last_in, in + i, rest);
  table.look_up(last_in, last_out);
  memcpy(out + i, last_out, rest);
}

}  // namespace

void lookup_avx2(const LookupArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const Table table(args.table);
  const RowRuns runs = row_runs(args.out, dense(args.in) && dense(args.out));
  for (int64_t item = begin; item < end; ++item) {
    const uint8_t* in = row_of(args.in, item);
    uint8_t* out = row_of(args.out, item);
    for (int64_t i = 0; i < runs.count; ++i) {
      look_up_run(table, in, out, runs.length);
      in += args.in.pixel_step;
      out += args.out.pixel_step;
    }
  }
}

}  // namespace gradus::kernels
