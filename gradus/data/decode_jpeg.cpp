// libjpeg reports errors by calling back into us; the only way out of its C frames is longjmp, so
// everything with a destructor lives outside the functions that call setjmp.
#include <csetjmp>
#include <cstdio>

// jpeglib.h needs FILE and size_t before it.
#include <jerror.h>
#include <jpeglib.h>

#include <string>

#include "gradus/base/error.h"
#include "gradus/data/decode.h"
#include "gradus/data/exif.h"

namespace gradus {
namespace {

// A progressive file of a few megabytes can ask for hours of work: one pass over the whole picture
// per scan. Encoders write about ten.
constexpr int kMaxScans = 500;

// Exif lies in the first application segment; a segment has at most 65533 bytes.
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMaxMarkerBytes = 0xffff;

struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX] = {};

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info); }  // does nothing before jpeg_create_decompress
};

Decoder& decoder_of(j_common_ptr info) { return *static_cast<Decoder*>(info->client_data); }

[[noreturn]] void fail(Decoder& decoder, const char* message) {
  std::snprintf(decoder.message, sizeof decoder.message, "%s", message);
  std::longjmp(decoder.escape, 1);
}

void on_error(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  decoder.errors.format_message(info, decoder.message);
  std::longjmp(decoder.escape, 1);
}

// Level -1 is a warning. Running out of input is one for libjpeg, which invents the rest.
void on_message(j_common_ptr info, int level) {
  if (level == -1 && info->err->msg_code == JWRN_JPEG_EOF) {
    fail(decoder_of(info), "the file ends before the picture does");
  }
}

void on_progress(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  if (decoder.info.input_scan_number > kMaxScans) fail(decoder, "more than 500 scans");
}

void create(Decoder& decoder, std::span<const std::byte> file) {
  jpeg_decompress_struct& info = decoder.info;
  info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  info.client_data = &decoder;
  jpeg_create_decompress(&info);
  decoder.progress.progress_monitor = on_progress;
  info.progress = &decoder.progress;
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()),
               static_cast<unsigned long>(file.size()));
}

// False with decoder.message set on failure.
bool read_header(Decoder& decoder, std::span<const std::byte> file) {
  if (setjmp(decoder.escape) != 0) return false;
  create(decoder, file);
  jpeg_save_markers(&decoder.info, kExifMarker, kMaxMarkerBytes);
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

// Starts decompression into RGB, or CMYK where the file is; sets the number of channels.
bool start(Decoder& decoder, int* channels) {
  if (setjmp(decoder.escape) != 0) return false;
  jpeg_decompress_struct& info = decoder.info;
  const bool cmyk = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  *channels = cmyk ? 4 : 3;
  jpeg_start_decompress(&info);
  return true;
}

// `pixels` holds height * row_bytes bytes.
bool read_rows(Decoder& decoder, std::uint8_t* pixels, std::size_t row_bytes) {
  if (setjmp(decoder.escape) != 0) return false;
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + decoder.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

std::uint8_t multiply_255(int a, int b) {
  const int product = a * b + 128;
  return static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
}

// In place, inverted CMYK to RGB, rounding as Pillow does.
void cmyk_to_rgb(Picture& picture) {
  const std::size_t pixels = picture.bytes.size() / 4;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    const std::uint8_t* from = &picture.bytes[pixel * 4];
    const int not_black = from[3];
    std::uint8_t rgb[3];
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>(not_black - multiply_255(255 - from[c], not_black));
    }
    for (std::size_t c = 0; c < 3; ++c) picture.bytes[pixel * 3 + c] = rgb[c];
  }
  picture.channels = 3;
  picture.bytes.resize(pixels * 3);
}

class JpegFile {
 public:
  JpegFile(std::span<const std::byte> file, const std::string& where) : where_(where) {
    require(read_header(decoder_, file));
    check_picture_size(decoder_.info.image_width, decoder_.info.image_height, where_);
  }

  PictureSize size() const {
    return {static_cast<int>(decoder_.info.image_width),
            static_cast<int>(decoder_.info.image_height)};
  }

  int orientation() const {
    for (auto marker = decoder_.info.marker_list; marker != nullptr; marker = marker->next) {
      if (marker->marker != kExifMarker) continue;
      const std::span segment(marker->data, marker->data_length);
      if (const auto tiff = exif_of_segment(std::as_bytes(segment))) return exif_orientation(*tiff);
    }
    return 1;
  }

  Picture decode() {
    Picture picture;
    require(start(decoder_, &picture.channels));
    picture.width = size().width;
    picture.height = size().height;
    const auto row_bytes =
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
    picture.bytes.resize(row_bytes * static_cast<std::size_t>(picture.height));
    require(read_rows(decoder_, picture.bytes.data(), row_bytes));
    if (picture.channels == 4) cmyk_to_rgb(picture);
    return picture;
  }

 private:
  void require(bool succeeded) {
    if (succeeded) return;
    throw Error(ErrorCode::kInvalidFile, where_ + ": is no whole JPEG file: " + decoder_.message +
                                             "; replace it or leave it out");
  }

  const std::string& where_;
  Decoder decoder_;
};

}  // namespace

StoredPicture decode_jpeg(std::span<const std::byte> file, const std::string& where) {
  JpegFile jpeg(file, where);
  const int orientation = jpeg.orientation();
  return {jpeg.decode(), orientation};
}

StoredSize jpeg_size(std::span<const std::byte> file, const std::string& where) {
  const JpegFile jpeg(file, where);
  return {jpeg.size(), jpeg.orientation()};
}

}  // namespace gradus
