// The pictures of synthetic:shapes: ten figures, turned, scaled and coloured at random, on
// cluttered noisy ground. Made from integers and single IEEE float operations only, so that a seed
// gives the same bytes on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradus {

inline constexpr int kShapeSide = 32;
inline constexpr int kShapeChannels = 3;

// The classes, in the order of their labels.
const std::vector<std::string>& shape_names();

// The class of picture `index`: every ten in a row hold each class once.
std::int64_t shape_label(std::uint64_t index);

// Draws picture `index` of the endless series `seed` to 32 x 32 x 3 bytes.
void draw_shape(std::uint64_t seed, std::uint64_t index, std::span<std::uint8_t> rgb);

}  // namespace gradus
