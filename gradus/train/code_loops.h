// The output stages of exact evaluation, as loops over contiguous floats that hold integers. They
// give the codes of quant/ bit for bit (numerics.md (11), (15)-(17), (19), (20)), several times as
// fast in the ieee32 profile. Free of libtorch.
#pragma once

#include <cstdint>

#include "gradus/quant/integer_add.h"
#include "gradus/quant/quantizer.h"
#include "gradus/quant/requantize.h"

namespace gradus {

// Everywhere `acc` holds integers of magnitude below 2^31 and q receives code - zero_point.

// q[r, c] = requantize(acc[r, c] + bias[c], c); acc and q are [rows, channels] and may be one.
void requantize_rows(const float* acc, const std::int32_t* bias, float* q, std::int64_t rows,
                     std::int64_t channels, const Requantizer& requantizer);
void requantize_rows(const double* acc, const std::int32_t* bias, float* q, std::int64_t rows,
                     std::int64_t channels, const Requantizer& requantizer);

// y[r, c] = clamp(float(acc[r, c] + bias[c]) * unit[c], low, high)
void scale_rows(const float* acc, const std::int32_t* bias, float* y, std::int64_t rows,
                std::int64_t channels, const float* unit, float low, float high);
void scale_rows(const double* acc, const std::int32_t* bias, float* y, std::int64_t rows,
                std::int64_t channels, const float* unit, float low, float high);

// q[i] = requantize(acc[i], entry)
void requantize_all(const float* acc, float* q, std::int64_t n, const Requantizer& requantizer,
                    std::size_t entry);

// q[i] = add(a[i] + za, b[i] + zb) - add.zero_point
void add_codes(const float* a, const float* b, float* q, std::int64_t n, const IntegerAdd& add);

// q[i] = quantize(x[i]) - zero_point
void quantize_all(const float* x, float* q, std::int64_t n, float scale, std::int32_t zero_point,
                  const Grid& grid);

}  // namespace gradus
