#include "gradus/data/picture.h"

#include "gradus/base/check.h"
#include "gradus/data/enhance.h"

namespace gradus {

Picture with_channels(Picture picture, int channels) {
  check(channels == 1 || channels == 3 || channels == 4, "a picture has 1, 3 or 4 channels");
  if (picture.channels == channels) return picture;
  const auto from = static_cast<std::size_t>(picture.channels);
  const auto to = static_cast<std::size_t>(channels);
  Picture result{picture.width, picture.height, channels, {}};
  result.bytes.resize(picture.bytes.size() / from * to);
  const std::uint8_t* in = picture.bytes.data();
  for (std::size_t at = 0; at < result.bytes.size(); at += to, in += from) {
    std::uint8_t* out = &result.bytes[at];
    if (channels == 1) {
      *out = luma(in);
      continue;
    }
    for (std::size_t c = 0; c < 3; ++c) out[c] = in[from == 1 ? 0 : c];
    if (channels == 4) out[3] = 255;
  }
  return result;
}

}  // namespace gradus
