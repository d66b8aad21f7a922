#include "gradus/data/resize.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/check.h"
#include "gradus/base/error.h"

namespace gradus {
namespace {

// 8 bits for the sample and 2 against overflow leave 22 of 32 for the coefficients.
constexpr int kPrecisionBits = 32 - 8 - 2;

constexpr int kRoundHalf = 1 << (kPrecisionBits - 1);

std::uint8_t to_byte(int sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

Picture empty_picture(PictureSize size, int channels) {
  Picture picture{size.width, size.height, channels, {}};
  picture.bytes.resize(static_cast<std::size_t>(size.width) *
                       static_cast<std::size_t>(size.height) * static_cast<std::size_t>(channels));
  return picture;
}

int crop_begin(int size, int side, CropRound rounding) {
  const int left_over = size - side;
  const int half = left_over / 2;
  const bool up = rounding == CropRound::kEven && left_over % 2 != 0 && half % 2 != 0;
  return up ? half + 1 : half;
}

}  // namespace

PictureSize resized_size(PictureSize size, int shorter, const std::string& where) {
  const std::int64_t low = std::min(size.width, size.height);
  const std::int64_t high = std::max(size.width, size.height);
  const std::int64_t longer = shorter * high / low;
  if (longer > kMaxPictureSide || longer * shorter > kMaxPicturePixels) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": resize=" + std::to_string(shorter) + " makes " +
                    std::to_string(shorter) + "x" + std::to_string(longer) +
                    " pixels; expected sides up to " + std::to_string(kMaxPictureSide) +
                    " and at most " + std::to_string(kMaxPicturePixels) + " pixels");
  }
  const int other = static_cast<int>(longer);
  return size.width <= size.height ? PictureSize{shorter, other} : PictureSize{other, shorter};
}

BilinearResize::Window BilinearResize::make_window(int output, int input_size, int output_size) {
  const double scale = static_cast<double>(input_size) / output_size;
  const double support = std::max(scale, 1.0);
  const double centre = (output + 0.5) * scale;
  Window window;
  window.begin = std::max(0, static_cast<int>(centre - support + 0.5));
  const int end = std::min(input_size, static_cast<int>(centre + support + 0.5));
  // Pillow multiplies by this reciprocal; dividing would round differently.
  const double inverse = 1.0 / support;
  std::vector<double> weights;
  double sum = 0.0;
  for (int x = window.begin; x < end; ++x) {
    const double distance = std::abs((x - centre + 0.5) * inverse);
    weights.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
    sum += weights.back();
  }
  for (double weight : weights) {
    const double share = sum != 0.0 ? weight / sum : weight;
    window.weights.push_back(static_cast<int>(0.5 + share * (1 << kPrecisionBits)));
  }
  return window;
}

std::vector<BilinearResize::Window> BilinearResize::make_windows(int input_size, int output_size) {
  std::vector<Window> windows;
  for (int output = 0; output < output_size; ++output) {
    windows.push_back(make_window(output, input_size, output_size));
  }
  return windows;
}

BilinearResize::BilinearResize(PictureSize from, PictureSize to, int channels) : from_(from) {
  check(channels >= 1 && channels <= 4, "a picture has 1 to 4 channels");
  if (to.width != from.width) {
    columns_ = make_windows(from.width, to.width);
    wide_ = empty_picture({to.width, from.height}, channels);
  }
  if (to.height != from.height) {
    rows_ = make_windows(from.height, to.height);
    result_ = empty_picture(to, channels);
    sums_.resize(static_cast<std::size_t>(to.width) * static_cast<std::size_t>(channels));
  }
}

// kChannels is a constant so that the sums stay in registers.
template <int kChannels>
void BilinearResize::resize_row(const std::uint8_t* row, std::uint8_t* out) const {
  for (const Window& window : columns_) {
    int sums[kChannels];
    std::fill_n(sums, kChannels, kRoundHalf);
    const std::uint8_t* input = row + window.begin * kChannels;
    for (int weight : window.weights) {
      for (int c = 0; c < kChannels; ++c) sums[c] += weight * input[c];
      input += kChannels;
    }
    for (int c = 0; c < kChannels; ++c) *out++ = to_byte(sums[c]);
  }
}

void BilinearResize::resize_width(const PictureView& picture) {
  constexpr decltype(&BilinearResize::resize_row<1>) kResizeRow[] = {
      &BilinearResize::resize_row<1>, &BilinearResize::resize_row<2>,
      &BilinearResize::resize_row<3>, &BilinearResize::resize_row<4>};
  std::uint8_t* out = wide_.bytes.data();
  for (int y = 0; y < picture.height; ++y) {
    (this->*kResizeRow[picture.channels - 1])(picture.row(y), out);
    out += wide_.view().row_stride;
  }
}

void BilinearResize::resize_height(const PictureView& picture) {
  std::uint8_t* out = result_.bytes.data();
  for (const Window& window : rows_) {
    std::fill(sums_.begin(), sums_.end(), kRoundHalf);
    int y = window.begin;
    for (int weight : window.weights) {
      const std::uint8_t* row = picture.row(y++);
      for (std::size_t x = 0; x < sums_.size(); ++x) sums_[x] += weight * row[x];
    }
    for (int sum : sums_) *out++ = to_byte(sum);
  }
}

PictureView BilinearResize::run(const PictureView& picture) {
  check(PictureSize{picture.width, picture.height} == from_, "a picture of another size");
  PictureView view = picture;
  if (!columns_.empty()) {
    resize_width(view);
    view = wide_.view();
  }
  if (rows_.empty()) return view;
  resize_height(view);
  return result_.view();
}

Picture resize_bilinear(const PictureView& picture, PictureSize size) {
  BilinearResize resize({picture.width, picture.height}, size, picture.channels);
  const PictureView view = resize.run(picture);
  Picture result{view.width, view.height, view.channels, {}};
  for (int y = 0; y < view.height; ++y) {
    const std::uint8_t* row = view.row(y);
    result.bytes.insert(result.bytes.end(), row, row + view.width * view.channels);
  }
  return result;
}

void check_crop(PictureSize size, int side, const std::string& where) {
  if (side <= size.width && side <= size.height) return;
  throw Error(ErrorCode::kInvalidArgument,
              where + ": crop=" + std::to_string(side) + " of a picture of " +
                  std::to_string(size.width) + "x" + std::to_string(size.height) +
                  " pixels; expected no more than its shorter side; give resize too");
}

PictureView centre_crop(const PictureView& picture, int side, CropRound rounding,
                        const std::string& where) {
  check_crop({picture.width, picture.height}, side, where);
  PictureView view = picture;
  view.data = picture.row(crop_begin(picture.height, side, rounding)) +
              crop_begin(picture.width, side, rounding) * picture.channels;
  view.width = side;
  view.height = side;
  return view;
}

}  // namespace gradus
