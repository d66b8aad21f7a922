// The choice that every family makes: its list runs from the fastest kernel to the scalar one.
#pragma once

#include <span>

#include "gradus/base/check.h"
#include "gradus/base/cpu.h"

namespace gradus::kernels {

// The first kernel whose instruction set is at most `isa`; the last one is scalar, so there is one.
template <typename Kernel>
const Kernel& first_of(std::span<const Kernel> kernels, Isa isa) {
  for (const Kernel& kernel : kernels) {
    if (kernel.isa <= isa) return kernel;
  }
  check(false, "a family of kernels without a scalar one");
  return kernels.back();
}

}  // namespace gradus::kernels
