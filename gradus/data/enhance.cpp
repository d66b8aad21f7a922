#include "gradus/data/enhance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "gradus/base/check.h"

namespace gradus {
namespace {

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::int64_t, 256>;

void check_channels(const Picture& picture) {
  check(picture.channels == 1 || picture.channels == 3, "colour of other than grey or RGB");
}

std::uint8_t clamp_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

// Pillow's Blend.c, which cuts the fraction off.
std::uint8_t blend(int degenerate, int sample, float factor) {
  return clamp_byte(static_cast<float>(degenerate) +
                    factor * static_cast<float>(sample - degenerate));
}

std::uint8_t grey_of(const Picture& picture, std::size_t pixel) {
  const std::uint8_t* at = &picture.bytes[pixel * static_cast<std::size_t>(picture.channels)];
  return picture.channels == 1 ? *at : luma(at);
}

std::size_t pixels_of(const Picture& picture) {
  return picture.bytes.size() / static_cast<std::size_t>(picture.channels);
}

// Makes a table of each channel's histogram and looks every sample up in it.
template <typename MakeTable>
void by_channel(Picture& picture, MakeTable make_table) {
  check_channels(picture);
  const auto channels = static_cast<std::size_t>(picture.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    Histogram histogram{};
    for (std::size_t i = c; i < picture.bytes.size(); i += channels) ++histogram[picture.bytes[i]];
    const Table table = make_table(histogram);
    for (std::size_t i = c; i < picture.bytes.size(); i += channels) {
      picture.bytes[i] = table[picture.bytes[i]];
    }
  }
}

Table identity() {
  Table table;
  std::iota(table.begin(), table.end(), std::uint8_t{0});
  return table;
}

// The 3x3 mean with weight 5 in the middle and 1 around, rounded; the border stays. A sum of
// thirteenths is never half way, so integers round as Pillow's floats do.
Picture smoothed(const Picture& picture) {
  Picture result = picture;
  const int row = picture.width * picture.channels;
  for (int y = 1; y + 1 < picture.height; ++y) {
    for (int x = picture.channels; x < row - picture.channels; ++x) {
      const std::uint8_t* at = &picture.bytes[static_cast<std::size_t>(y * row + x)];
      int sum = 4 * *at;
      for (int dy = -row; dy <= row; dy += row) {
        sum += at[dy - picture.channels] + at[dy] + at[dy + picture.channels];
      }
      result.bytes[static_cast<std::size_t>(y * row + x)] =
          static_cast<std::uint8_t>((2 * sum + 13) / 26);
    }
  }
  return result;
}

struct Hsv {
  std::uint8_t hue = 0;
  std::uint8_t saturation = 0;
  std::uint8_t value = 0;
};

// Pillow's Convert.c, after Python's colorsys; the types are its types.
Hsv to_hsv(const std::uint8_t* rgb) {
  const std::uint8_t high = std::max({rgb[0], rgb[1], rgb[2]});
  const std::uint8_t low = std::min({rgb[0], rgb[1], rgb[2]});
  if (low == high) return {0, 0, high};
  const auto range = static_cast<float>(high - low);
  const auto below = [&](int c) { return static_cast<float>(high - rgb[c]) / range; };
  float hue = 0.0f;
  if (rgb[0] == high) {
    hue = below(2) - below(1);
  } else if (rgb[1] == high) {
    hue = static_cast<float>(2.0 + below(0) - below(2));
  } else {
    hue = static_cast<float>(4.0 + below(1) - below(0));
  }
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  const float saturation = range / static_cast<float>(high);
  return {static_cast<std::uint8_t>(static_cast<int>(hue * 255.0)),
          static_cast<std::uint8_t>(static_cast<int>(saturation * 255.0)), high};
}

void to_rgb(const Hsv& hsv, std::uint8_t* rgb) {
  if (hsv.saturation == 0) {
    std::fill_n(rgb, 3, hsv.value);
    return;
  }
  const auto hue = static_cast<float>(static_cast<float>(hsv.hue) * 6.0 / 255.0);
  const auto saturation = static_cast<float>(static_cast<float>(hsv.saturation) / 255.0);
  const auto value = static_cast<float>(hsv.value);
  const int sector = static_cast<int>(std::floor(hue));
  const float part = hue - static_cast<float>(sector);
  const auto byte = [](double x) {
    return static_cast<std::uint8_t>(std::clamp(std::round(x), 0.0, 255.0));
  };
  const std::uint8_t v = hsv.value;
  const std::uint8_t p = byte(value * (1.0 - saturation));
  const std::uint8_t q = byte(value * (1.0 - saturation * part));
  const std::uint8_t t = byte(value * (1.0 - saturation * (1.0 - part)));
  const std::uint8_t sectors[6][3] = {{v, t, p}, {q, v, p}, {p, v, t},
                                      {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(sectors[sector % 6], 3, rgb);
}

}  // namespace

std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >>
                                   16);
}

void adjust_brightness(Picture& picture, float factor) {
  for (std::uint8_t& sample : picture.bytes) sample = blend(0, sample, factor);
}

void adjust_contrast(Picture& picture, float factor) {
  check_channels(picture);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < pixels_of(picture); ++i) sum += grey_of(picture, i);
  const double mean = static_cast<double>(sum) / static_cast<double>(pixels_of(picture));
  const int grey = static_cast<int>(mean + 0.5);
  for (std::uint8_t& sample : picture.bytes) sample = blend(grey, sample, factor);
}

void adjust_saturation(Picture& picture, float factor) {
  check_channels(picture);
  if (picture.channels == 1) return;
  for (std::size_t i = 0; i < pixels_of(picture); ++i) {
    const int grey = grey_of(picture, i);
    for (std::size_t c = 0; c < 3; ++c) {
      picture.bytes[i * 3 + c] = blend(grey, picture.bytes[i * 3 + c], factor);
    }
  }
}

void adjust_sharpness(Picture& picture, float factor) {
  check_channels(picture);
  const Picture smooth = smoothed(picture);
  for (std::size_t i = 0; i < picture.bytes.size(); ++i) {
    picture.bytes[i] = blend(smooth.bytes[i], picture.bytes[i], factor);
  }
}

void adjust_hue(Picture& picture, float turns) {
  check_channels(picture);
  if (picture.channels == 1) return;
  const auto steps = static_cast<int>(static_cast<double>(turns) * 255.0);
  for (std::size_t i = 0; i < picture.bytes.size(); i += 3) {
    Hsv hsv = to_hsv(&picture.bytes[i]);
    hsv.hue = static_cast<std::uint8_t>(hsv.hue + steps);  // round the circle
    to_rgb(hsv, &picture.bytes[i]);
  }
}

void posterize(Picture& picture, int bits) {
  const int mask = 0xff & ~((1 << (8 - bits)) - 1);
  for (std::uint8_t& sample : picture.bytes) sample = static_cast<std::uint8_t>(sample & mask);
}

void solarize(Picture& picture, float threshold) {
  for (std::uint8_t& sample : picture.bytes) {
    if (static_cast<float>(sample) >= threshold) sample = static_cast<std::uint8_t>(255 - sample);
  }
}

void autocontrast(Picture& picture) {
  by_channel(picture, [](const Histogram& histogram) {
    Table table = identity();
    const auto used = [](std::int64_t count) { return count > 0; };
    const auto low = std::find_if(histogram.begin(), histogram.end(), used) - histogram.begin();
    const auto high =
        histogram.rend() - std::find_if(histogram.rbegin(), histogram.rend(), used) - 1;
    if (high <= low) return table;
    const double scale = 255.0 / static_cast<double>(high - low);
    const double offset = static_cast<double>(-low) * scale;
    for (std::size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<std::uint8_t>(
          std::clamp(static_cast<double>(i) * scale + offset, 0.0, 255.0));
    }
    return table;
  });
}

void equalize(Picture& picture) {
  by_channel(picture, [](const Histogram& histogram) {
    Table table = identity();
    const auto used = [](std::int64_t count) { return count > 0; };
    const std::int64_t all = std::accumulate(histogram.begin(), histogram.end(), std::int64_t{0});
    const std::int64_t last = *std::find_if(histogram.rbegin(), histogram.rend(), used);
    const std::int64_t step = (all - last) / 255;
    if (step == 0) return table;
    std::int64_t sum = step / 2;
    for (std::size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<std::uint8_t>(std::min<std::int64_t>(sum / step, 255));
      sum += histogram[i];
    }
    return table;
  });
}

}  // namespace gradus
