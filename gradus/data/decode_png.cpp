// libpng, like libjpeg, leaves by longjmp: nothing with a destructor lives in the functions that
// call setjmp.
#include <png.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/decode.h"

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

// Asks for three 8-bit channels of every kind of file.
bool start(Decoder& decoder, std::size_t* row_bytes) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;
  png_set_palette_to_rgb(decoder.png);
  png_set_gray_to_rgb(decoder.png);
  png_set_expand_gray_1_2_4_to_8(decoder.png);
  png_set_strip_16(decoder.png);
  png_set_strip_alpha(decoder.png);
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

  Picture decode() {
    Picture picture{size().width, size().height, 3, {}};
    std::size_t row_bytes = 0;
    require(start(decoder_, &row_bytes));
    if (row_bytes != static_cast<std::size_t>(picture.width) * 3) {
      throw Error(ErrorCode::kUnsupported, where_ + ": a kind of PNG that does not become RGB");
    }
    picture.bytes.resize(row_bytes * static_cast<std::size_t>(picture.height));
    std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = &picture.bytes[y * row_bytes];
    require(read_rows(decoder_, rows.data()));
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

Picture decode_png(std::span<const std::byte> file, const std::string& where) {
  return PngFile(file, where).decode();
}

PictureSize png_size(std::span<const std::byte> file, const std::string& where) {
  return PngFile(file, where).size();
}

}  // namespace gradus
