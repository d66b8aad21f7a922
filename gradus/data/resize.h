// Resizing and centre-cropping as torchvision does on a PIL picture, to the same bytes: published
// accuracies of image networks depend on them.
#pragma once

#include <string>
#include <vector>

#include "gradus/data/decode.h"
#include "gradus/data/picture.h"
#include "gradus/data/preprocessing.h"

namespace gradus {

// The size after the shorter side becomes `shorter` pixels and the longer one
// shorter * longer / shorter_before, rounded down (torchvision's Resize(int)).
// Throws Error (kInvalidArgument), starting with `where`, if that is over decode.h's limits.
PictureSize resized_size(PictureSize size, int shorter, const std::string& where);

// Bilinear with antialiasing: Pillow's ImagingResample for 8-bit pictures, rows first, then
// columns, in fixed point with 22-bit coefficients (Pillow 12.3, src/libImaging/Resample.c).
// Pillow 13.0 takes the columns first for some tall pictures and then differs by one here and
// there. Sizes >= 1.
Picture resize_bilinear(const PictureView& picture, PictureSize size);

// resize_bilinear for many pictures of one size: all that depends on the sizes alone is worked out
// and allocated once. Sizes >= 1, 1 to 4 channels.
class BilinearResize {
 public:
  BilinearResize(PictureSize from, PictureSize to, int channels);

  PictureSize from() const noexcept { return from_; }

  // The picture, of size from() and the channels given, in the new size; valid until the next call.
  // Allocates nothing. Not to be called twice at once.
  PictureView run(const PictureView& picture);

 private:
  // Which inputs an output is made of, and their weights in units of 2^-22.
  struct Window {
    int begin = 0;
    std::vector<int> weights;
  };
  static Window make_window(int output, int input_size, int output_size);
  static std::vector<Window> make_windows(int input_size, int output_size);
  template <int kChannels>
  void resize_row(const std::uint8_t* row, std::uint8_t* out) const;
  void resize_width(const PictureView& picture);
  void resize_height(const PictureView& picture);

  PictureSize from_;
  std::vector<Window> columns_;
  std::vector<Window> rows_;
  Picture wide_;  // rows resized, columns not yet; empty where the width stays
  Picture result_;
  std::vector<int> sums_;  // of a row
};

// Throws Error (kInvalidArgument), starting with `where`, unless side x side pixels can be cropped.
void check_crop(PictureSize size, int side, const std::string& where);

// The centre side x side pixels, from (width - side) / 2 and (height - side) / 2, halves rounded as
// `rounding` says; kEven is torchvision's center_crop. Throws as check_crop.
PictureView centre_crop(const PictureView& picture, int side, CropRound rounding,
                        const std::string& where);

}  // namespace gradus
