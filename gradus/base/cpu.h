// Instruction sets: what this machine has, and which one kernels may use.
#pragma once

#include <span>
#include <string>

namespace gradus {

// From the least to the most capable within one architecture.
enum class Isa { kScalar, kAvx2, kAvx512Vnni };

const char* isa_name(Isa isa) noexcept;

// Throws Error (kInvalidArgument), naming the known ones, if `name` is none of them.
Isa isa_from_name(const std::string& name);

// Every Isa, weakest first.
std::span<const Isa> all_isas() noexcept;

// Whether this CPU and operating system can run `isa`.
bool isa_supported(Isa isa) noexcept;

// The most capable supported one, or the one that the environment variable GRADUS_ISA names.
// Throws Error (kInvalidArgument) if GRADUS_ISA is unknown or cannot run here.
Isa active_isa();

}  // namespace gradus
