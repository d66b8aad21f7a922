#include "gradus/fakequant/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "gradus/base/check.h"
#include "gradus/fakequant/loops.h"

namespace gradus {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::int64_t bin_of(float value, double inverse_width) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(value) * inverse_width));
}

bool finite(Range range) { return std::isfinite(range.min) && std::isfinite(range.max); }

// The smallest exponent at which the range, which holds 0 and more, needs at most `bins` bins.
int exponent_for(Range range, int bins) {
  int exponent = 0;
  std::frexp(std::max(-range.min, range.max), &exponent);
  exponent -= std::bit_width(static_cast<unsigned>(bins));  // still one bin too many
  for (;; ++exponent) {
    const double inverse = std::ldexp(1.0, -exponent);
    if (bin_of(range.max, inverse) - bin_of(range.min, inverse) < bins) return exponent;
  }
}

}  // namespace

Histogram::Histogram(int bins) : bins_(bins) {
  check(bins >= 2 && std::has_single_bit(static_cast<unsigned>(bins)), "bins: no power of two");
}

void Histogram::widen(Range range) {
  range_ = {std::min(range_.min, range.min), std::max(range_.max, range.max)};
  // With 0 in it, no bin's index is out of reach however narrow the range.
  const Range whole = {std::min(range_.min, 0.0f), std::max(range_.max, 0.0f)};
  if (!finite(whole) || whole.min == whole.max) return;
  const int exponent = exponent_for(whole, bins_);
  const double inverse = std::ldexp(1.0, -exponent);
  const std::int64_t first = bin_of(whole.min, inverse);
  const std::int64_t last = bin_of(whole.max, inverse);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(last - first + 1), 0);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const std::int64_t bin = (first_ + static_cast<std::int64_t>(i)) >> (exponent - exponent_);
    counts[static_cast<std::size_t>(bin - first)] += counts_[i];
  }
  exponent_ = exponent;
  width_ = std::ldexp(1.0, exponent);
  first_ = first;
  counts_ = std::move(counts);
}

void Histogram::add(std::span<const float> values) {
  Range range;
  range_loop(values.data(), static_cast<std::int64_t>(values.size()), -kInfinity, kInfinity,
             &range.min, &range.max);
  if (range.empty()) return;
  widen(range);
  if (!finite(range_)) return;
  const double inverse = width_ == 0.0 ? 0.0 : 1.0 / width_;
  for (float value : values) {
    if (std::isnan(value)) continue;
    ++total_;
    if (value == 0.0f) {
      ++zeros_;
    } else {
      ++counts_[static_cast<std::size_t>(bin_of(value, inverse) - first_)];
    }
  }
}

void Histogram::merge(const Histogram& other) {
  check(bins_ == other.bins_, "histograms of different sizes");
  if (other.range_.empty()) return;
  widen(other.range_);
  if (!finite(range_)) return;
  total_ += other.total_;
  zeros_ += other.zeros_;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    if (other.counts_[i] == 0) continue;
    const std::int64_t bin =
        (other.first_ + static_cast<std::int64_t>(i)) >> (exponent_ - other.exponent_);
    counts_[static_cast<std::size_t>(bin - first_)] += other.counts_[i];
  }
}

float Histogram::middle(std::size_t i) const {
  const double bin = static_cast<double>(first_ + static_cast<std::int64_t>(i)) + 0.5;
  return std::clamp(static_cast<float>(bin * width_), range_.min, range_.max);
}

}  // namespace gradus
