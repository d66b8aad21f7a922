// The specification of both pools, channel by channel.
#include <algorithm>

#include "gradus/kernels/pool/kernels.h"
#include "gradus/kernels/pool/window.h"

namespace gradus::kernels {
namespace {

struct Window {
  const std::uint8_t* first;  // channel 0 of the first tap in the image
  Taps rows, columns;
};

Window window_at(const PoolShape& s, const ActivationView& in, std::int64_t image, std::int32_t row,
                 std::int32_t column) {
  const std::int32_t y = row * s.stride_h - s.pad_top;
  const std::int32_t x = column * s.stride_w - s.pad_left;
  const Taps rows = taps_within(y, s.kernel_h, s.dilation_h, 0, in.height);
  const Taps columns = taps_within(x, s.kernel_w, s.dilation_w, 0, in.width);
  return {in.at(image, y + rows.begin * s.dilation_h, x + columns.begin * s.dilation_w), rows,
          columns};
}

// reduce(result, code) over one channel of a window.
template <typename Reduce>
std::int32_t over_window(const PoolShape& s, const ActivationView& in, const Window& w,
                         std::int32_t channel, Reduce reduce) {
  std::int32_t result = 0;
  for (std::int32_t ky = 0; ky < w.rows.end - w.rows.begin; ++ky) {
    for (std::int32_t kx = 0; kx < w.columns.end - w.columns.begin; ++kx) {
      result = reduce(result, std::int32_t{w.first[ky * s.dilation_h * in.row_step +
                                                   kx * s.dilation_w * in.pixel_step + channel]});
    }
  }
  return result;
}

}  // namespace

std::int32_t average_pool_count(const PoolShape& s, bool count_include_pad, std::int32_t height,
                                std::int32_t width, std::int32_t row,
                                std::int32_t column) noexcept {
  const std::int32_t y = row * s.stride_h - s.pad_top;
  const std::int32_t x = column * s.stride_w - s.pad_left;
  const bool pad = count_include_pad;
  const Taps rows = taps_within(y, s.kernel_h, s.dilation_h, pad ? -s.pad_top : 0,
                                pad ? height + s.pad_bottom : height);
  const Taps columns = taps_within(x, s.kernel_w, s.dilation_w, pad ? -s.pad_left : 0,
                                   pad ? width + s.pad_right : width);
  return (rows.end - rows.begin) * (columns.end - columns.begin);
}

void max_pool_scalar(const MaxPoolArgs& args, std::int64_t begin, std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t image = item / out.height;
    const auto row = static_cast<std::int32_t>(item % out.height);
    for (std::int32_t x = 0; x < out.width; ++x) {
      const Window window = window_at(args.shape, args.in, image, row, x);
      std::uint8_t* pixel = out.at(image, row, x);
      for (std::int32_t c = 0; c < out.channels; ++c) {
        pixel[c] = static_cast<std::uint8_t>(
            over_window(args.shape, args.in, window, c,
                        [](std::int32_t a, std::int32_t b) { return std::max(a, b); }));
      }
    }
  }
}

void average_pool_scalar(const AveragePoolArgs& args, std::int64_t begin,
                         std::int64_t end) noexcept {
  const ActivationView& out = args.out;
  const PoolShape& s = args.shape;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t image = item / out.height;
    const auto row = static_cast<std::int32_t>(item % out.height);
    for (std::int32_t x = 0; x < out.width; ++x) {
      const Window window = window_at(s, args.in, image, row, x);
      const std::int32_t taps =
          (window.rows.end - window.rows.begin) * (window.columns.end - window.columns.begin);
      const std::int32_t count =
          average_pool_count(s, args.count_include_pad, args.in.height, args.in.width, row, x);
      for (std::int32_t c = 0; c < out.channels; ++c) {
        const std::int32_t acc = over_window(s, args.in, window, c,
                                             [](std::int32_t a, std::int32_t b) { return a + b; }) -
                                 taps * args.zero_point;
        if (args.divides) {
          store_averages(args, &acc, 1, count, out.at(image, row, x) + c);
          continue;
        }
        const OutputStageParams& output = args.output[count - 1];
        void* place =
            output.kind == OutputKind::kFloat
                ? static_cast<void*>(args.out_float + (item * out.width + x) * out.channels + c)
                : static_cast<void*>(out.at(image, row, x) + c);
        args.store(output, OutputTile{&acc, 1, 1, c, 1, place, 1});
      }
    }
  }
}

}  // namespace gradus::kernels
