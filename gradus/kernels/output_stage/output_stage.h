// The output stage of every accumulating kernel: int32 accumulators to stored codes, to floats, or
// left as they are. A family of its own, so that a convolution kernel only has to add up.
// docs/numerics.md section 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/quant/requantize.h"

namespace gradus::kernels {

enum class OutputKind { kCodes, kFloat };

// Parameters of one layer; arrays have one entry a channel, padded to a multiple of 64 channels.
struct OutputStageParams {
  OutputKind kind = OutputKind::kCodes;
  Profile profile = Profile::kIeee32;
  const float* multiplier = nullptr;       // ieee32 codes: M[c]; floats: scale[c]
  const FixedMultiplier* fixed = nullptr;  // fixed31 codes
  std::int32_t zero_point = 0;             // in stored codes: zero_point - quant_min
  std::int32_t low = 0;                    // clamp, in stored codes, 0 <= low <= high <= 255
  std::int32_t high = 255;
  float float_low = -std::numeric_limits<float>::infinity();  // clamp of floats
  float float_high = std::numeric_limits<float>::infinity();
};

// Channels [channel, channel + count) of `pixels` neighbouring pixels.
struct OutputTile {
  const std::int32_t* acc = nullptr;  // [pixels][count] int32, bias included
  std::ptrdiff_t acc_step = 0;        // entries of acc between pixels
  std::int32_t pixels = 1;
  std::int32_t channel = 0;  // index into the parameters' arrays
  std::int32_t count = 0;
  void* out = nullptr;  // kCodes: uint8_t; kFloat: float; channel `channel` of the first pixel
  std::ptrdiff_t out_step = 0;  // elements of out between pixels
};

// kCodes: numerics.md (11) or (15); kFloat: (16) and the clamp. Nothing past `count` is written.
using OutputStageFn = void (*)(const OutputStageParams& params, const OutputTile& tile) noexcept;

struct OutputStageKernel {
  const char* name;
  Isa isa;
  OutputStageFn run;
};

// Fastest first, scalar last: dispatcher, tests and benchmarks iterate over it.
std::span<const OutputStageKernel> output_stage_kernels() noexcept;
// The first whose instruction set is at most `isa`.
const OutputStageKernel& select_output_stage(Isa isa) noexcept;

}  // namespace gradus::kernels
