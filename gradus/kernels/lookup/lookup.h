// Every operator of one tensor that works element by element (change of scale, activations) is a
// table of 256 stored codes: out = table[in]. Exact by construction. An activation with a parameter
// a channel has a table a channel.
#pragma once

#include <cstdint>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/kernels/tensor_view.h"
#include "gradus/quant/requantize.h"

namespace gradus::kernels {

// The table of a change of scale, numerics.md (20): table[code] = requantizer(code - zero_point),
// all in stored codes; `requantizer` has one multiplier and limits within 0..255.
void rescale_table(const Requantizer& requantizer, std::int32_t zero_point,
                   std::span<std::uint8_t, 256> table) noexcept;

struct LookupArgs {
  const std::uint8_t* table = nullptr;  // [256]
  // The same height, width and channels. `out` may be `in`. Nothing past a pixel's channels is
  // written.
  ActivationView in, out;
  std::ptrdiff_t channel_step = 0;  // bytes from one channel's table to the next; 0: one for all
};

struct LookupKernel {
  const char* name;
  Isa isa;
  // Items are rows: item i is row i % height of image i / height.
  void (*run)(const LookupArgs& args, std::int64_t begin, std::int64_t end) noexcept;
};

// Fastest first, scalar last.
std::span<const LookupKernel> lookup_kernels() noexcept;
// Only the scalar kernel takes a table a channel: such tables fill no vector register.
const LookupKernel& select_lookup(Isa isa, bool table_a_channel = false) noexcept;

}  // namespace gradus::kernels
