#include "gradus/data/mix.h"

#include <algorithm>
#include <cmath>

namespace gradus {
namespace {

// Keeps this stream apart from those of the order and of the samples.
constexpr std::uint64_t kMixStream = 0x6d69786d6978ULL;

// Never 0, so that its logarithm is finite.
double positive_uniform(Rng& rng) {
  return (static_cast<double>(rng.next() >> 11) + 0.5) * 0x1p-53;
}

// Of exactly the normal distribution, which Rng::normal is not: its tails end.
double draw_normal(Rng& rng) {
  const double radius = std::sqrt(-2.0 * std::log(positive_uniform(rng)));
  return radius * std::cos(2.0 * 3.14159265358979323846 * positive_uniform(rng));
}

// Marsaglia and Tsang's squeeze-free form, alpha >= 1.
double draw_gamma(double alpha, Rng& rng) {
  const double d = alpha - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = draw_normal(rng);
    const double v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
    if (v <= 0.0) continue;
    if (std::log(positive_uniform(rng)) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

// Each image times `share` and the one before it times the rest.
void mix_whole(Batch& batch, std::size_t elements, float share) {
  const std::vector<float> last(batch.images.end() - static_cast<std::ptrdiff_t>(elements),
                                batch.images.end());
  for (std::size_t i = static_cast<std::size_t>(batch.n); i > 0; --i) {
    float* image = &batch.images[(i - 1) * elements];
    const float* before = i == 1 ? last.data() : image - elements;
    for (std::size_t at = 0; at < elements; ++at) {
      image[at] = share * image[at] + (1.0f - share) * before[at];
    }
  }
}

// A box of each image replaced by the one before's; returns the share that is left.
float mix_box(Batch& batch, const ImageShape& shape, Layout layout, double share, Rng& rng) {
  const double part = 0.5 * std::sqrt(1.0 - share);
  const auto centre = [&](std::int64_t size) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(size)));
  };
  const auto half = [&](std::int64_t size) {
    return static_cast<std::int64_t>(part * static_cast<double>(size));
  };
  const std::int64_t x = centre(shape.width);
  const std::int64_t y = centre(shape.height);
  const std::int64_t left = std::max<std::int64_t>(x - half(shape.width), 0);
  const std::int64_t right = std::min(x + half(shape.width), shape.width);
  const std::int64_t top = std::max<std::int64_t>(y - half(shape.height), 0);
  const std::int64_t bottom = std::min(y + half(shape.height), shape.height);
  const auto elements = static_cast<std::size_t>(shape.elements());
  const std::vector<float> last(batch.images.end() - static_cast<std::ptrdiff_t>(elements),
                                batch.images.end());
  const Strides strides = strides_of(shape, layout);
  for (std::size_t i = static_cast<std::size_t>(batch.n); i > 0; --i) {
    float* image = &batch.images[(i - 1) * elements];
    const float* before = i == 1 ? last.data() : image - elements;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      for (std::int64_t row = top; row < bottom; ++row) {
        for (std::int64_t column = left; column < right; ++column) {
          const std::int64_t at = c * strides.channel + row * strides.row + column * strides.column;
          image[at] = before[at];
        }
      }
    }
  }
  const auto area = static_cast<double>((right - left) * (bottom - top));
  return static_cast<float>(1.0 - area / static_cast<double>(shape.width * shape.height));
}

}  // namespace

double draw_beta(double alpha, Rng& rng) {
  if (alpha > 1.0) {
    const double a = draw_gamma(alpha, rng);
    return a / (a + draw_gamma(alpha, rng));
  }
  for (;;) {
    // Logarithms: with a small alpha the powers themselves are too small for a double.
    const double a = std::log(positive_uniform(rng)) / alpha;
    const double b = std::log(positive_uniform(rng)) / alpha;
    const double larger = std::max(a, b);
    const double sum = larger + std::log(std::exp(a - larger) + std::exp(b - larger));
    if (sum <= 0.0) return std::exp(a - sum);
  }
}

void mix(Batch& batch, const ImageShape& shape, Layout layout, const MixOptions& options,
         std::int64_t step) {
  batch.partners.clear();
  batch.share = 1.0f;
  Rng rng(options.seed ^ kMixStream, static_cast<std::uint64_t>(step));
  const bool chosen = rng.uniform() < options.probability;
  const bool second = rng.below(2) == 1;
  const bool any = options.mixup > 0.0f || options.cutmix > 0.0f;
  if (!any || !chosen || batch.n < 2) return;
  const bool boxes = options.cutmix > 0.0f && (options.mixup <= 0.0f || second);
  const double share = draw_beta(static_cast<double>(boxes ? options.cutmix : options.mixup), rng);
  if (boxes) {
    batch.share = mix_box(batch, shape, layout, share, rng);
  } else {
    batch.share = static_cast<float>(share);
    mix_whole(batch, static_cast<std::size_t>(shape.elements()), batch.share);
  }
  batch.partners.push_back(batch.labels.back());
  batch.partners.insert(batch.partners.end(), batch.labels.begin(), batch.labels.end() - 1);
}

}  // namespace gradus
