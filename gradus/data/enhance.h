// Colour operations on pictures of 8-bit samples, to the same bytes as Pillow's: networks are
// trained elsewhere with them (ImageEnhance, ImageOps and torchvision's adjust_hue; Pillow 12,
// torchvision 0.20). Pictures have one channel (grey) or three (RGB).
#pragma once

#include "gradus/data/picture.h"

namespace gradus {

// Each sample moved from a degenerate picture (factor 0) to its own value (1) and beyond: black,
// the mean grey, the picture in grey, the smoothed picture.
void adjust_brightness(Picture& picture, float factor);
void adjust_contrast(Picture& picture, float factor);
void adjust_saturation(Picture& picture, float factor);
void adjust_sharpness(Picture& picture, float factor);

// Turns the hue by `turns` of the whole circle, [-0.5, 0.5]; leaves grey pictures as they are.
void adjust_hue(Picture& picture, float turns);

// Keeps the upper `bits` of every sample, 0 to 8.
void posterize(Picture& picture, int bits);
// Inverts the samples of at least `threshold`.
void solarize(Picture& picture, float threshold);
// Spreads every channel over 0..255, linearly and by its histogram.
void autocontrast(Picture& picture);
void equalize(Picture& picture);

// Rec. 601 luma in 16-bit fixed point: (19595 R + 38470 G + 7471 B + 32768) >> 16.
std::uint8_t luma(const std::uint8_t* rgb);

}  // namespace gradus
