// The decisions made from a histogram.
#include <algorithm>
#include <cmath>
#include <limits>

#include "gradus/fakequant/histogram.h"
#include "gradus/fakequant/range_search.h"

namespace gradus {
namespace {

// The values of a bin that is not empty, as one.
struct Mass {
  float value;
  double count;
};

std::vector<Mass> masses_of(const Histogram& histogram) {
  std::vector<Mass> masses;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    const std::uint64_t count = histogram.counts()[i];
    if (count > 0) masses.push_back({histogram.middle(i), static_cast<double>(count)});
  }
  return masses;
}

struct Candidate {
  Grid grid;
  float scale = 1.0f;
  std::int32_t zero_point = 0;
};

Candidate quantizer_of(Range range, const QuantizerSpec& spec) {
  Candidate candidate{spec.grid()};
  choose_parameters(range.min, range.max, spec, &candidate.scale, &candidate.zero_point);
  return candidate;
}

double squared_error(std::span<const Mass> masses, const Candidate& q) {
  double sum = 0.0;
  for (const Mass& mass : masses) {
    const float back =
        dequantize(quantize(mass.value, q.scale, q.zero_point, q.grid), q.scale, q.zero_point);
    const double error = static_cast<double>(mass.value) - static_cast<double>(back);
    sum += mass.count * error * error;
  }
  return sum;
}

// D(P || Q) as the header says; infinite where nothing lies within the range.
double divergence(std::span<const Mass> masses, const Candidate& q) {
  // Values before rounding that fall on the grid; `masses` rises, so they are one stretch.
  const auto code_at = [&](const Mass& mass) {
    return std::rint(static_cast<double>(mass.value / q.scale)) + q.zero_point;
  };
  const auto inside_begin = std::find_if(masses.begin(), masses.end(), [&](const Mass& mass) {
    return code_at(mass) >= q.grid.quant_min;
  });
  auto inside_end = inside_begin;
  while (inside_end != masses.end() && code_at(*inside_end) <= q.grid.quant_max) ++inside_end;
  if (inside_begin == inside_end) return std::numeric_limits<double>::infinity();
  double below = 0.0, inside = 0.0, above = 0.0;
  for (auto m = masses.begin(); m != inside_begin; ++m) below += m->count;
  for (auto m = inside_begin; m != inside_end; ++m) inside += m->count;
  for (auto m = inside_end; m != masses.end(); ++m) above += m->count;
  const double total = below + inside + above;
  double sum = 0.0;
  for (auto cell = inside_begin; cell != inside_end;) {
    auto next = cell;
    double mass = 0.0;
    for (; next != inside_end && code_at(*next) == code_at(*cell); ++next) mass += next->count;
    const double even = mass / static_cast<double>(next - cell) / inside;
    for (; cell != next; ++cell) {
      double p = cell->count;
      if (cell == inside_begin) p += below;
      if (cell + 1 == inside_end) p += above;
      sum += p / total * std::log(p / total / even);
    }
  }
  return sum;
}

// How many bins from the far end hold at most `allowed` values together. counts runs towards zero.
std::size_t cut(std::span<const std::uint64_t> counts, std::uint64_t allowed) {
  std::uint64_t outside = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    outside += counts[i];
    if (outside > allowed) return i;
  }
  return 0;  // never to nothing
}

}  // namespace

Range percentile_range(const Histogram& histogram, double percentile, const QuantizerSpec& spec) {
  const Range full = histogram.range();
  const auto counts = histogram.counts();
  if (full.empty() || counts.empty()) return full;
  // A little more than the product, so that 0.1 % of 1000 is 1.
  const auto allowed = static_cast<std::uint64_t>(
      (100.0 - percentile) / 100.0 * static_cast<double>(histogram.total()) * (1.0 + 1e-9));
  // Bins by distance from zero, the farthest first.
  const auto negative = static_cast<std::size_t>(-histogram.first());
  std::vector<std::uint64_t> low(counts.begin(),
                                 counts.begin() + static_cast<std::ptrdiff_t>(negative));
  std::vector<std::uint64_t> high(counts.rbegin(),
                                  counts.rend() - static_cast<std::ptrdiff_t>(negative));
  const auto edge = [&](const std::vector<std::uint64_t>& side) {
    return static_cast<float>(static_cast<double>(side.size() - cut(side, allowed)) *
                              histogram.width());
  };
  if (spec.symmetric && spec.is_signed) {
    std::vector<std::uint64_t> both(std::max(low.size(), high.size()), 0);
    for (std::size_t i = 0; i < low.size(); ++i) both[both.size() - low.size() + i] += low[i];
    for (std::size_t i = 0; i < high.size(); ++i) both[both.size() - high.size() + i] += high[i];
    const float reach = edge(both);
    return {std::max(full.min, -reach), std::min(full.max, reach)};
  }
  return {full.min < 0.0f ? std::max(full.min, -edge(low)) : full.min,
          full.max > 0.0f ? std::min(full.max, edge(high)) : full.max};
}

Range least_error_range(const Histogram& histogram, const QuantizerSpec& spec) {
  if (histogram.counts().empty()) return histogram.range();
  const std::vector<Mass> masses = masses_of(histogram);
  return least_cost_range(histogram.range(), spec, [&](Range range) {
    return squared_error(masses, quantizer_of(range, spec));
  });
}

Range least_divergence_range(const Histogram& histogram, const QuantizerSpec& spec) {
  if (histogram.counts().empty()) return histogram.range();
  const std::vector<Mass> masses = masses_of(histogram);
  return least_cost_range(histogram.range(), spec, [&](Range range) {
    const Candidate q = quantizer_of(range, spec);
    const bool enough = static_cast<double>(q.scale) >= histogram.width();
    return enough ? divergence(masses, q) : std::numeric_limits<double>::infinity();
  });
}

}  // namespace gradus
