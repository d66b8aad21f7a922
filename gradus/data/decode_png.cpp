// libpng, like libjpeg, leaves by longjmp: nothing with a destructor lives in the functions that
// call setjmp.
#include <png.h>

#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/decode.h"
#include "gradus/data/exif.h"

namespace gradus {
namespace {

struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  char message[200] = {};

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  Decoder& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder.message, sizeof decoder.message, "%s", text);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep into, std::size_t count) {
  Decoder& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (decoder.rest.size() < count) png_error(png, "the file ends before the picture does");
  std::memcpy(into, decoder.rest.data(), count);
  decoder.rest = decoder.rest.subspan(count);
}

// False with decoder.message set on failure.
bool read_header(Decoder& decoder) {
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, on_warning);
  if (decoder.png == nullptr) return false;
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  decoder.info = png_create_info_struct(decoder.png);
  // Sizes are checked by us with a message of our own; this bounds what libpng allocates for
  // chunks (text, colour profiles) on the way.
  png_set_user_limits(decoder.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(decoder.png, 8u << 20);
  png_set_read_fn(decoder.png, &decoder, on_read);
  png_read_info(decoder.png, decoder.info);
  return true;
}

// The transparent grey of a file of 2 or 4 bits, which Pillow compares with samples that are
// scaled to 8 already (so that 15 of 15, white, is hardly ever met); empty in other files. What
// networks saw in training is what it says.
std::optional<std::uint8_t> unscaled_transparency(const Decoder& decoder) {
  png_color_16p grey = nullptr;
  const int bits = png_get_bit_depth(decoder.png, decoder.info);
  const bool shallow = png_get_color_type(decoder.png, decoder.info) == PNG_COLOR_TYPE_GRAY &&
                       (bits == 2 || bits == 4);
  if (!shallow || png_get_tRNS(decoder.png, decoder.info, nullptr, nullptr, &grey) == 0) return {};
  return static_cast<std::uint8_t>(grey->gray);
}

// Asks for three 8-bit channels, or four with alpha, of every kind of file.
bool start(Decoder& decoder, bool alpha, bool transparency, std::size_t* row_bytes) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  // Asked for of other files it would make alpha of a transparent colour too.
  const bool palette = png_get_color_type(decoder.png, decoder.info) == PNG_COLOR_TYPE_PALETTE;
  if (palette) png_set_palette_to_rgb(decoder.png);
  png_set_gray_to_rgb(decoder.png);
  png_set_expand_gray_1_2_4_to_8(decoder.png);
  png_set_strip_16(decoder.png);
  if (alpha) {
    if (transparency) png_set_tRNS_to_alpha(decoder.png);
    png_set_add_alpha(decoder.png, 0xff, PNG_FILLER_AFTER);
  } else {
    png_set_strip_alpha(decoder.png);
  }
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  *row_bytes = png_get_rowbytes(decoder.png, decoder.info);
  return true;
}

bool read_rows(Decoder& decoder, png_bytepp rows) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

class PngFile {
 public:
  PngFile(std::span<const std::byte> file, const std::string& where) : where_(where) {
    decoder_.rest = file;
    require(read_header(decoder_));
    check_picture_size(png_get_image_width(decoder_.png, decoder_.info),
                       png_get_image_height(decoder_.png, decoder_.info), where_);
  }

  PictureSize size() const {
    return {static_cast<int>(png_get_image_width(decoder_.png, decoder_.info)),
            static_cast<int>(png_get_image_height(decoder_.png, decoder_.info))};
  }

  int orientation() {
    png_bytep exif = nullptr;
    png_uint_32 bytes = 0;
    if (png_get_eXIf_1(decoder_.png, decoder_.info, &bytes, &exif) == 0) return 1;
    return exif_orientation(std::as_bytes(std::span(exif, bytes)));
  }

  Picture decode(bool alpha) {
    Picture picture{size().width, size().height, alpha ? 4 : 3, {}};
    std::size_t row_bytes = 0;
    const std::optional<std::uint8_t> clear = unscaled_transparency(decoder_);
    require(start(decoder_, alpha, !clear.has_value(), &row_bytes));
    if (row_bytes !=
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels)) {
      throw Error(ErrorCode::kUnsupported, where_ + ": a kind of PNG that does not become RGB");
    }
    picture.bytes.resize(row_bytes * static_cast<std::size_t>(picture.height));
    std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = &picture.bytes[y * row_bytes];
    require(read_rows(decoder_, rows.data()));
    for (std::size_t at = 0; alpha && clear && at < picture.bytes.size(); at += 4) {
      if (picture.bytes[at] == *clear) picture.bytes[at + 3] = 0;
    }
    return picture;
  }

 private:
  void require(bool succeeded) {
    if (succeeded) return;
    throw Error(ErrorCode::kInvalidFile, where_ + ": is no whole PNG file: " + decoder_.message +
                                             "; replace it or leave it out");
  }

  const std::string& where_;
  Decoder decoder_;
};

}  // namespace

StoredPicture decode_png(std::span<const std::byte> file, const std::string& where, bool alpha) {
  PngFile png(file, where);
  const int orientation = png.orientation();
  return {png.decode(alpha), orientation};
}

StoredSize png_size(std::span<const std::byte> file, const std::string& where) {
  PngFile png(file, where);
  return {png.size(), png.orientation()};
}

}  // namespace gradus
