#include <ATen/Parallel.h>

#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/fakequant/observer.h"
#include "gradus/fakequant/range_search.h"

namespace gradus {
namespace {

// Samples that are kept of a tensor in all, shared among its channels.
constexpr std::int64_t kBudget = 1 << 22;
constexpr std::int64_t kPerChannel = 1 << 18;

// An even sample of a stream: the values at multiples of `stride`; when full, every other one is
// dropped and the stride doubles. What is kept depends on the stream alone.
class EvenSample {
 public:
  // limit: even, the same every time
  void add(const float* values, std::int64_t n, std::int64_t limit) {
    std::int64_t i = (stride_ - position_ % stride_) % stride_;
    for (; i < n; i += stride_) {
      if (static_cast<std::int64_t>(kept_.size()) == limit) {
        // limit is even, so the value at hand lies on the wider stride too.
        for (std::size_t j = 0; 2 * j < kept_.size(); ++j) kept_[j] = kept_[2 * j];
        kept_.resize(kept_.size() / 2);
        stride_ *= 2;
      }
      kept_.push_back(values[i]);
    }
    position_ += n;
  }
  std::span<const float> kept() const { return kept_; }

 private:
  std::vector<float> kept_;
  std::int64_t stride_ = 1;
  std::int64_t position_ = 0;  // of the stream's next value
};

class MeanSquaredError : public Observer {
 public:
  explicit MeanSquaredError(const ObserverOptions& options) : spec_(options.spec) {}

  void observe(const at::Tensor& x) override {
    const std::vector<Range> batch = ranges_of(x, spec_.per_channel, spec_.axis);
    if (full_.empty()) {
      full_.resize(batch.size());
      samples_.resize(batch.size());
    }
    check(full_.size() == batch.size(), "observer saw another number of channels");
    const auto channels = static_cast<std::int64_t>(batch.size());
    const at::Tensor rows =
        (spec_.per_channel ? x.transpose(0, spec_.axis) : x).contiguous().to(at::kCPU);
    const float* data = rows.const_data_ptr<float>();
    const std::int64_t length = rows.numel() / channels;
    const std::int64_t limit =
        std::clamp<std::int64_t>(kBudget / channels / 2 * 2, 1024, kPerChannel);
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      full_[i].min = std::min(full_[i].min, batch[i].min);
      full_[i].max = std::max(full_[i].max, batch[i].max);
      samples_[i].add(data + c * length, length, limit);
    }
  }

  std::vector<Range> ranges() const override {
    std::vector<Range> result(full_.size());
    at::parallel_for(0, static_cast<std::int64_t>(full_.size()), 1,
                     [&](std::int64_t begin, std::int64_t end) {
                       for (std::int64_t c = begin; c < end; ++c) {
                         const auto i = static_cast<std::size_t>(c);
                         result[i] = search_range(samples_[i].kept(), full_[i], spec_);
                       }
                     });
    return result;
  }

 private:
  QuantizerSpec spec_;
  std::vector<Range> full_;
  std::vector<EvenSample> samples_;
};

}  // namespace

// Keeps the true minimum and maximum and an even sample of at most 2^18 values (2^22 over all
// channels), which the search minimises over.
ObserverType mse_observer() {
  return {
      .name = "mse",
      .reference = "Nagel et al., arXiv:2106.08295v1, section 3.1: range of least squared error",
      .averages = true,
      .clips = true,
      .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
        return std::make_unique<MeanSquaredError>(options);
      }};
}

}  // namespace gradus
