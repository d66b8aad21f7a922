// The one thing of Exif that changes pixels: how the camera was held (Exif 2.3, tag 0x0112).
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "gradus/data/picture.h"

namespace gradus {

// The Exif data of a JPEG's application segment, past its name; empty if it holds something else.
std::optional<std::span<const std::byte>> exif_of_segment(std::span<const std::byte> segment);

// The orientation in Exif data (a TIFF header and directory), 1 to 8. 1, as stored, if there is
// none or the data is damaged: a camera's note is no part of the picture.
int exif_orientation(std::span<const std::byte> tiff);

// Whether width and height change places.
constexpr bool swaps_sides(int orientation) { return orientation >= 5; }

// The picture as it was seen: mirrored and turned as `orientation` says.
Picture turned_upright(Picture picture, int orientation);

}  // namespace gradus
