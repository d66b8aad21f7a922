#include "gradus/data/decode.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/data/exif.h"

namespace gradus {
namespace {

constexpr std::array<unsigned char, 3> kJpegStart = {0xff, 0xd8, 0xff};
constexpr std::array<unsigned char, 8> kPngStart = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

template <std::size_t N>
bool starts_with(std::span<const std::byte> file, const std::array<unsigned char, N>& start) {
  return file.size() >= N &&
         std::equal(start.begin(), start.end(), file.begin(),
                    [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

[[noreturn]] void refuse(std::span<const std::byte> file, const std::string& where) {
  throw Error(ErrorCode::kInvalidFile,
              where + (file.empty() ? ": is empty" : ": is no JPEG and no PNG file") +
                  "; expected one of the two");
}

}  // namespace

void check_picture_size(std::uint64_t width, std::uint64_t height, const std::string& where) {
  if (width >= 1 && height >= 1 && width <= kMaxPictureSide && height <= kMaxPictureSide &&
      width * height <= static_cast<std::uint64_t>(kMaxPicturePixels)) {
    return;
  }
  throw Error(ErrorCode::kInvalidFile,
              where + ": is " + std::to_string(width) + "x" + std::to_string(height) +
                  " pixels; expected sides from 1 to " + std::to_string(kMaxPictureSide) +
                  " and at most " + std::to_string(kMaxPicturePixels) + " pixels");
}

Picture decode_picture(std::span<const std::byte> file, const std::string& where,
                       const DecodeOptions& options) {
  StoredPicture stored;
  if (starts_with(file, kJpegStart)) {
    stored = decode_jpeg(file, where);
  } else if (starts_with(file, kPngStart)) {
    stored = decode_png(file, where, options.alpha);
  } else {
    refuse(file, where);
  }
  if (options.alpha) stored.picture = with_channels(std::move(stored.picture), 4);
  return options.upright ? turned_upright(std::move(stored.picture), stored.orientation)
                         : std::move(stored.picture);
}

PictureSize decode_picture_size(std::span<const std::byte> file, const std::string& where,
                                const DecodeOptions& options) {
  StoredSize stored;
  if (starts_with(file, kJpegStart)) {
    stored = jpeg_size(file, where);
  } else if (starts_with(file, kPngStart)) {
    stored = png_size(file, where);
  } else {
    refuse(file, where);
  }
  const bool lies = options.upright && swaps_sides(stored.orientation);
  return lies ? PictureSize{stored.size.height, stored.size.width} : stored.size;
}

}  // namespace gradus
