// Addition of two tensors of stored codes: out = add(a, b), element by element, with the integers
// of quant/integer_add.h whose zero points and limits are given in stored codes. numerics.md
// section 6.
#pragma once

#include <cstdint>
#include <span>

#include "gradus/base/cpu.h"
#include "gradus/kernels/tensor_view.h"
#include "gradus/quant/integer_add.h"

namespace gradus::kernels {

struct AddArgs {
  // Zero points, low and high minus the quant_min of their tensor: 0 <= low <= high <= 255.
  IntegerAdd add;
  // The same height, width and channels. `out` may be `a` or `b`. Nothing past a pixel's channels
  // is written. Steps of 0 repeat a pixel (broadcast_view).
  ActivationView a, b, out;
};

struct AddKernel {
  const char* name;
  Isa isa;
  // Items are rows: item i is row i % height of image i / height.
  void (*run)(const AddArgs& args, std::int64_t begin, std::int64_t end) noexcept;
};

// Fastest first, scalar last.
std::span<const AddKernel> add_kernels() noexcept;
const AddKernel& select_add(Isa isa) noexcept;

}  // namespace gradus::kernels
