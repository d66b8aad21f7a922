// How much of a safetensors file is believed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus {

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  // the format's own limit
inline constexpr int kMaxSafetensorsDepth = 3;                       // {"name": {"shape": [1]}}
inline constexpr std::size_t kMaxSafetensorsRank = 64;

}  // namespace gradus
