// Turning, shearing and moving pictures, to the same bytes as Pillow's Image.transform(AFFINE)
// with the nearest pixel and black outside.
#pragma once

#include <array>

#include "gradus/data/picture.h"

namespace gradus {

// Output pixel (x, y) shows the input at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]),
// pixels' centres at halves, in 16-bit fixed point (Pillow's Geometry.c, affine_fixed).
using Affine = std::array<double, 6>;

Picture transform(const PictureView& picture, const Affine& matrix);

// Counterclockwise about the centre of width x height pixels, as Pillow's rotate.
Affine rotation(double degrees, int width, int height);

}  // namespace gradus
