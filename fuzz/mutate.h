// Seeded damage to files: flipped bits, cut ends, lengths and numbers replaced, pieces of other
// files spliced in.
#pragma once

#include <span>
#include <string>

#include "gradus/base/rng.h"

namespace gradus::fuzz {

// `file` with one to four changes; `others` are what pieces are taken from and must hold at least
// one file. The same generator state, the same result.
std::string mutated(const std::string& file, std::span<const std::string> others, Rng& rng);

}  // namespace gradus::fuzz
