// How often values occur, in bounded memory: what the histogram, percentile and entropy observers
// decide from. Free of libtorch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gradus/fakequant/fake_quant.h"

namespace gradus {

// Counts over bins of equal width 2^e whose edges are multiples of the width. When the range
// outgrows the bins, e is raised and neighbours are merged, two old bins into exactly one new one,
// so nothing is counted in a wrong bin, and the result depends on the values alone: neither on
// their order, nor on how they were divided among add() and merge().
class Histogram {
 public:
  // At most `bins` of them, a power of two, at least 2; more than half are in use.
  explicit Histogram(int bins);

  // NaN is passed over. An infinity widens the range and ends the counting: no quantizer can be
  // made of that range.
  void add(std::span<const float> values);
  // As if the other's values had been added here; the same number of bins.
  void merge(const Histogram& other);

  // The extremes of what was added, exact; empty if nothing was.
  Range range() const { return range_; }
  std::uint64_t total() const { return total_; }
  // Exact zeros, which are in no bin: every grid but the binary one holds them without error.
  std::uint64_t zeros() const { return zeros_; }
  double width() const { return width_; }
  // counts()[i] values v have first() + i <= v / width() < first() + i + 1.
  std::int64_t first() const { return first_; }
  std::span<const std::uint64_t> counts() const { return counts_; }
  // What stands for the values of bin i: its middle, or the extreme that is nearer.
  float middle(std::size_t i) const;

 private:
  void widen(Range range);

  int bins_;
  Range range_;
  std::uint64_t total_ = 0;
  std::uint64_t zeros_ = 0;
  int exponent_ = 0;  // of the width; meaningful once there are bins
  double width_ = 0.0;
  std::int64_t first_ = 0;
  std::vector<std::uint64_t> counts_;
};

// The range of which at most (100 - percentile) % of the values lie outside: on each side, or, for
// a signed symmetric quantizer, in magnitude. The cut is at the edge of a bin; a side is never cut
// to nothing. percentile in (50, 100]; 100 gives the whole range.
Range percentile_range(const Histogram& histogram, double percentile, const QuantizerSpec& spec);

// The range of least squared error of the values' quantization, among those of range_search.h.
Range least_error_range(const Histogram& histogram, const QuantizerSpec& spec);

// The range whose quantized distribution keeps most of the values' information: least
// Kullback-Leibler divergence D(P || Q). P holds the bins within the range, what lies outside added
// to its ends; Q spreads the mass of each code's bins, without what lies outside, evenly over those
// of them that are not empty. Ranges of fewer bins than codes are not tried, and zeros are left
// out.
Range least_divergence_range(const Histogram& histogram, const QuantizerSpec& spec);

}  // namespace gradus
