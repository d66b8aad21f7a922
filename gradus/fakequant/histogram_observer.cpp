#include "gradus/fakequant/histogram_observer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <mutex>

#include "gradus/base/check.h"

namespace gradus {
namespace {

constexpr std::uint32_t kBudget = 1u << 22;
constexpr std::uint32_t kMost = 1u << 14;
constexpr std::uint32_t kLeast = 1u << 8;
constexpr std::int64_t kGrain = 1 << 18;  // values that pay for a histogram of their own

int bins_for(std::size_t channels) {
  const auto share = std::bit_floor(kBudget / static_cast<std::uint32_t>(channels));
  return static_cast<int>(std::clamp(share, kLeast, kMost));
}

}  // namespace

void HistogramObserver::observe(const at::Tensor& x) {
  const QuantizerSpec& spec = options_.spec;
  const at::Tensor rows = (spec.per_channel ? x.detach().transpose(0, spec.axis) : x.detach())
                              .contiguous()
                              .to(at::kCPU);
  const auto channels = static_cast<std::size_t>(spec.per_channel ? rows.size(0) : 1);
  if (histograms_.empty()) histograms_.assign(channels, Histogram(bins_for(channels)));
  check(histograms_.size() == channels, "observer saw another number of channels");
  const float* data = rows.const_data_ptr<float>();
  const std::int64_t length = rows.numel() / static_cast<std::int64_t>(channels);
  if (channels > 1) {
    at::parallel_for(0, rows.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) {
        histograms_[static_cast<std::size_t>(c)].add(
            {data + c * length, static_cast<std::size_t>(length)});
      }
    });
    return;
  }
  std::mutex mutex;
  at::parallel_for(0, length, kGrain, [&](std::int64_t begin, std::int64_t end) {
    Histogram part(bins_for(1));
    part.add({data + begin, static_cast<std::size_t>(end - begin)});
    const std::lock_guard lock(mutex);
    histograms_[0].merge(part);
  });
}

std::vector<Range> HistogramObserver::ranges() const {
  std::vector<Range> result(histograms_.size());
  at::parallel_for(0, static_cast<std::int64_t>(result.size()), 1,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t c = begin; c < end; ++c) {
                       const auto i = static_cast<std::size_t>(c);
                       result[i] = choose_(histograms_[i], options_);
                     }
                   });
  return result;
}

}  // namespace gradus
