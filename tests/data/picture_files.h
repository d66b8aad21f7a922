// Files for tests: JPEG and PNG pictures, written by the libraries' own encoders.
#pragma once

#include <cstdint>
#include <string>

#include "gradus/data/picture.h"

namespace gradus {

// Writes a file and the folders above it; returns its path.
std::string write_test_file(const std::string& path, const std::string& bytes);

// `name` below $GRADUS_DATA or, without it, ~/.cache/gradus; it may not exist.
std::string real_data_path(const std::string& name);

// A picture whose values rise along x and y and jump now and then, different in every channel.
Picture pattern_picture(int width, int height, int channels = 3);

struct JpegOptions {
  int quality = 95;
  bool progressive = false;
  bool cmyk = false;          // of a picture with four channels, stored as given
  bool ycck = false;          // the same, stored as luma, chroma and black
  bool stored_rgb = false;    // three channels without a change of colours
  bool arithmetic = false;    // coded so instead of by Huffman
  bool whole_chroma = false;  // chroma at every pixel instead of at every fourth
  int restart_rows = 0;       // a restart marker after so many rows of blocks
};
std::string encode_jpeg(const Picture& picture, const JpegOptions& options = {});

// `picture` is grey, grey with alpha, RGB or RGBA by its channels; at `bits` 16 every byte becomes
// the upper one of a sample.
std::string encode_png(const Picture& picture, int bits = 8);

// With Exif data in its own chunk.
std::string encode_png_with_exif(const Picture& picture, const std::string& exif);

// A picture of `colours` palette entries (RGB, three bytes each), `picture` holding indices.
std::string encode_palette_png(const Picture& picture, const std::string& colours);

// A PNG file that promises width x height pixels and ends where they should begin.
std::string png_header(std::uint32_t width, std::uint32_t height);

}  // namespace gradus
