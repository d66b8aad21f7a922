#include "gradus/base/cpu.h"

#include <array>
#include <cstdlib>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr std::array kIsas = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512Vnni};

}  // namespace

const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512Vnni:
      return "avx512vnni";
  }
  return "?";
}

std::span<const Isa> all_isas() noexcept { return kIsas; }

Isa isa_from_name(const std::string& name) {
  std::string known;
  for (Isa isa : kIsas) {
    if (name == isa_name(isa)) return isa;
    known += std::string(known.empty() ? "" : ", ") + isa_name(isa);
  }
  throw Error(ErrorCode::kInvalidArgument,
              "instruction set '" + name + "' is unknown; expected one of " + known);
}

bool isa_supported(Isa isa) noexcept {
  switch (isa) {
    case Isa::kScalar:
      return true;
#if defined(__x86_64__)
    // __builtin_cpu_supports also asks the operating system whether it saves the registers.
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512Vnni:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vnni");
#endif
    default:
      return false;
  }
}

Isa active_isa() {
  if (const char* wanted = std::getenv("GRADUS_ISA"); wanted != nullptr && *wanted != '\0') {
    const Isa isa = isa_from_name(wanted);
    if (!isa_supported(isa)) {
      throw Error(ErrorCode::kInvalidArgument, std::string("GRADUS_ISA=") + wanted +
                                                   ": this CPU cannot run it; unset GRADUS_ISA");
    }
    return isa;
  }
  Isa best = Isa::kScalar;
  for (Isa isa : kIsas) {
    if (isa_supported(isa)) best = isa;
  }
  return best;
}

}  // namespace gradus
