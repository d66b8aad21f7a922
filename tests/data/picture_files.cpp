#include "tests/data/picture_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

// jpeglib.h needs FILE and size_t before it.
#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

namespace gradus {

std::string write_test_file(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  return path;
}

std::string real_data_path(const std::string& name) {
  const char* root = std::getenv("GRADUS_DATA");
  const char* home = std::getenv("HOME");
  if (root != nullptr) return std::string(root) + "/" + name;
  return std::string(home != nullptr ? home : "") + "/.cache/gradus/" + name;
}

Picture pattern_picture(int width, int height, int channels) {
  Picture picture{width, height, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        picture.bytes.push_back(
            static_cast<std::uint8_t>(x * 7 + y * (11 + c) + x * y * (c + 1) / 5 + c * 40));
      }
    }
  }
  return picture;
}

std::string encode_jpeg(const Picture& picture, const JpegOptions& options) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = picture.channels;
  const bool four = options.cmyk || options.ycck;
  info.in_color_space = four ? JCS_CMYK : picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  if (options.ycck) jpeg_set_colorspace(&info, JCS_YCCK);
  if (options.stored_rgb) jpeg_set_colorspace(&info, JCS_RGB);
  if (options.whole_chroma) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  info.arith_code = options.arithmetic ? TRUE : FALSE;
  info.restart_in_rows = options.restart_rows;
  jpeg_set_quality(&info, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    std::vector<std::uint8_t> row(picture.view().row(static_cast<int>(info.next_scanline)),
                                  picture.view().row(static_cast<int>(info.next_scanline) + 1));
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string file(reinterpret_cast<const char*>(data), size);
  std::free(data);
  return file;
}

namespace {

void append(png_structp png, png_bytep bytes, std::size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))
      ->append(reinterpret_cast<const char*>(bytes), count);
}

std::string write_png(const Picture& picture, int bits, int colour_type,
                      const std::string& colours) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width),
               static_cast<png_uint_32>(picture.height), bits, colour_type, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!colours.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<const png_color*>(colours.data()),
                 static_cast<int>(colours.size() / 3));
  }
  png_write_info(png, info);
  for (int y = 0; y < picture.height; ++y) {
    std::vector<std::uint8_t> row;
    for (const std::uint8_t* byte = picture.view().row(y); byte != picture.view().row(y + 1);
         ++byte) {
      row.push_back(*byte);
      if (bits == 16) row.push_back(static_cast<std::uint8_t>(*byte ^ 0xff));
    }
    png_write_row(png, row.data());
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

}  // namespace

std::string encode_png(const Picture& picture, int bits) {
  constexpr int kTypes[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGB_ALPHA};
  return write_png(picture, bits, kTypes[picture.channels], "");
}

// The chunk goes between the header, 33 bytes with the signature, and the rest.
std::string encode_png_with_exif(const Picture& picture, const std::string& exif) {
  const std::string file = encode_png(picture);
  const std::string chunk = "eXIf" + exif;
  const auto sum =
      ::crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), static_cast<uInt>(chunk.size()));
  return file.substr(0, 33) + big_endian(static_cast<std::uint32_t>(exif.size())) + chunk +
         big_endian(static_cast<std::uint32_t>(sum)) + file.substr(33);
}

std::string encode_palette_png(const Picture& picture, const std::string& colours) {
  return write_png(picture, 8, PNG_COLOR_TYPE_PALETTE, colours);
}

std::string png_header(std::uint32_t width, std::uint32_t height) {
  const std::string chunk =
      "IHDR" + big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5);
  const auto sum =
      ::crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), static_cast<uInt>(chunk.size()));
  return std::string("\x89PNG\r\n\x1a\n") + big_endian(13) + chunk +
         big_endian(static_cast<std::uint32_t>(sum)) + big_endian(1000) + "IDAT";
}

}  // namespace gradus
