#include "gradus/data/pixels.h"

#include <algorithm>
#include <string>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {

bool feeds(const ImageShape& image, const ImageShape& input) {
  if (image == input) return true;
  if (input.height != 1) return false;
  return input.width == 1 ? image.elements() == input.channels
                          : image == ImageShape{1, input.channels, input.width};
}

void require_feeds(const ImageShape& image, const Shape& input, const std::string& place) {
  ImageShape expected;
  if (input.size() == 4) expected = {input[1], input[2], input[3]};
  if (input.size() == 3) expected = {input[1], 1, input[2]};
  if (input.size() == 2) expected = {input[1], 1, 1};
  if (feeds(image, expected)) return;
  const Shape found = {-1, image.channels, image.height, image.width};
  throw Error(ErrorCode::kInvalidArgument, place + ": takes input " + to_string(input) +
                                               "; the data gives " + to_string(found) +
                                               ": change resize or crop in --data");
}

std::vector<float> per_channel(const std::vector<float>& values, const char* name, int channels,
                               float fallback, const std::string& where) {
  const auto count = static_cast<std::size_t>(channels);
  if (values.size() == count) return values;
  if (values.size() <= 1) return std::vector<float>(count, values.empty() ? fallback : values[0]);
  throw Error(ErrorCode::kInvalidArgument,
              where + ": option " + name + ": found " + std::to_string(values.size()) +
                  " values; expected 1 or " + std::to_string(channels) + ", one per channel");
}

Strides strides_of(const ImageShape& shape, Layout layout) {
  if (layout == Layout::kNchw) return {shape.height * shape.width, shape.width, 1};
  return {1, shape.width * shape.channels, shape.channels};
}

PixelTable::PixelTable(const Preprocessing& preprocessing, int channels, const std::string& where)
    : channels_(static_cast<std::size_t>(channels)),
      reversed_(preprocessing.order == ChannelOrder::kBgr) {
  const std::vector<float> mean = per_channel(preprocessing.mean, "mean", channels, 0.0f, where);
  const std::vector<float> deviation = per_channel(preprocessing.std, "std", channels, 1.0f, where);
  if (reversed_ && channels != 3) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": option order: found bgr for pictures with " + std::to_string(channels) +
                    " channels; expected 3 channels");
  }
  for (std::size_t channel = 0; channel < channels_.size(); ++channel) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float pixel = static_cast<float>(byte) * preprocessing.scale / 255.0f;
      channels_[channel][byte] = (pixel - mean[channel]) / deviation[channel];
    }
  }
}

void PixelTable::write(const PictureView& picture, const Placement& placement, Layout layout,
                       std::span<float> out) const {
  const ImageShape shape{picture.channels, picture.height, picture.width};
  check(std::ssize(channels_) == shape.channels, "pixel table for other channels");
  check(std::ssize(out) == shape.elements(), "output of another size than the picture");
  const Strides strides = strides_of(shape, layout);
  // Columns that show the picture; left and right of them it is black.
  const int begin = std::clamp(-placement.left, 0, picture.width);
  const int end = std::clamp(picture.width - placement.left, 0, picture.width);
  // Mirrored: input column of output column x is width - 1 - (x + left).
  const int first = placement.flip ? picture.width - 1 - placement.left : placement.left;
  const int step = placement.flip ? -picture.channels : picture.channels;
  for (int channel = 0; channel < picture.channels; ++channel) {
    const std::array<float, 256>& table = channels_[static_cast<std::size_t>(channel)];
    const int input_channel = reversed_ ? picture.channels - 1 - channel : channel;
    for (int y = 0; y < picture.height; ++y) {
      float* to = out.data() + channel * strides.channel + y * strides.row;
      const int below = y + placement.top;
      const int input_y = placement.turn ? picture.height - 1 - below : below;
      const bool visible = input_y >= 0 && input_y < picture.height;
      const int from_x = visible ? begin : picture.width;
      const int to_x = visible ? end : picture.width;
      for (int x = 0; x < from_x; ++x) to[x * strides.column] = table[0];
      if (visible) {
        const std::uint8_t* row = picture.row(input_y);
        const int start = first * picture.channels + input_channel;
        for (int x = from_x; x < to_x; ++x) to[x * strides.column] = table[row[start + x * step]];
      }
      for (int x = to_x; x < picture.width; ++x) to[x * strides.column] = table[0];
    }
  }
}

}  // namespace gradus
