#include "gradus/floatops/multiply.h"

#include <algorithm>
#include <vector>

#include "gradus/base/cpu.h"

namespace gradus::floatops {
namespace {

constexpr std::int64_t kTileRows = 4;
constexpr std::int64_t kTileColumns = 8;
constexpr std::int64_t kBlockColumns = 128;

using Tile = double[kTileRows][kTileColumns];

// a: [depth][kTileRows], b: [depth][kTileColumns]. Each accumulator is a lane of its own, so wider
// registers change nothing but the speed (and -ffp-contract=off keeps a fused multiply-add out).
[[gnu::always_inline]] inline void tile_body(const double* a, const double* b, std::int64_t depth,
                                             Tile& sums) {
  double acc[kTileRows][kTileColumns] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t row = 0; row < kTileRows; ++row) {
      const double factor = a[k * kTileRows + row];
      for (std::int64_t column = 0; column < kTileColumns; ++column) {
        acc[row][column] += factor * b[k * kTileColumns + column];
      }
    }
  }
  std::copy_n(&acc[0][0], kTileRows * kTileColumns, &sums[0][0]);
}

using TileFunction = void (*)(const double*, const double*, std::int64_t, Tile&);

void tile_any(const double* a, const double* b, std::int64_t depth, Tile& sums) {
  tile_body(a, b, depth, sums);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void tile_avx2(const double* a, const double* b, std::int64_t depth,
                                       Tile& sums) {
  tile_body(a, b, depth, sums);
}
#endif

TileFunction best_tile() {
#if defined(__x86_64__)
  if (isa_supported(Isa::kAvx2)) return tile_avx2;
#endif
  return tile_any;
}

// `lines` rows of `view` (columns if by_column) from `first`, interleaved, zeros after the last.
void pack(MatrixView view, bool by_column, std::int64_t first, std::int64_t count,
          std::int64_t depth, std::int64_t lines, double* out) {
  const std::int64_t line_step = by_column ? view.column_step : view.row_step;
  const std::int64_t depth_step = by_column ? view.row_step : view.column_step;
  for (std::int64_t k = 0; k < depth; ++k) {
    const float* from = view.data + k * depth_step + first * line_step;
    for (std::int64_t line = 0; line < lines; ++line) {
      out[k * lines + line] = line < count ? static_cast<double>(from[line * line_step]) : 0.0;
    }
  }
}

}  // namespace

void multiply(MatrixView a, MatrixView b, std::int64_t rows, std::int64_t depth,
              std::int64_t columns, const float* start, float* c, std::int64_t c_step) {
  static const TileFunction tile = best_tile();
  std::vector<double> packed_b(static_cast<std::size_t>(depth * (kBlockColumns + kTileColumns)));
  std::vector<double> packed_a(static_cast<std::size_t>(depth * kTileRows));
  for (std::int64_t block = 0; block < columns; block += kBlockColumns) {
    const std::int64_t width = std::min(kBlockColumns, columns - block);
    for (std::int64_t at = 0; at < width; at += kTileColumns) {
      pack(b, true, block + at, std::min(kTileColumns, width - at), depth, kTileColumns,
           packed_b.data() + at * depth);
    }
    for (std::int64_t row = 0; row < rows; row += kTileRows) {
      const std::int64_t height = std::min(kTileRows, rows - row);
      pack(a, false, row, height, depth, kTileRows, packed_a.data());
      for (std::int64_t at = 0; at < width; at += kTileColumns) {
        Tile sums;
        tile(packed_a.data(), packed_b.data() + at * depth, depth, sums);
        for (std::int64_t i = 0; i < height; ++i) {
          const double first = start == nullptr ? 0.0 : static_cast<double>(start[row + i]);
          for (std::int64_t j = 0; j < std::min(kTileColumns, width - at); ++j) {
            c[(row + i) * c_step + block + at + j] = static_cast<float>(first + sums[i][j]);
          }
        }
      }
    }
  }
}

}  // namespace gradus::floatops
