// How much of a RUN's own files is believed; its network, recipe and result have limits of theirs.
#pragma once

#include <cstdint>

namespace gradus {

inline constexpr std::uint64_t kMaxMetadataBytes = 16 << 20;

}  // namespace gradus
