// How much of a recipe is believed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus {

inline constexpr std::uint64_t kMaxYamlBytes = 1 << 20;
inline constexpr int kMaxYamlDepth = 16;
inline constexpr std::size_t kMaxRegexText = 1024;  // a pattern, and a name that it is tried on

}  // namespace gradus
