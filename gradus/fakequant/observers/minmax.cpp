#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/fakequant/observer.h"

namespace gradus {
namespace {

class MinMax : public Observer {
 public:
  explicit MinMax(const ObserverOptions& options) : spec_(options.spec) {}

  void observe(const at::Tensor& x) override {
    const std::vector<Range> batch = ranges_of(x, spec_.per_channel, spec_.axis);
    if (ranges_.empty()) ranges_.resize(batch.size());
    check(ranges_.size() == batch.size(), "observer saw another number of channels");
    for (std::size_t c = 0; c < batch.size(); ++c) {
      ranges_[c].min = std::min(ranges_[c].min, batch[c].min);
      ranges_[c].max = std::max(ranges_[c].max, batch[c].max);
    }
  }

  std::vector<Range> ranges() const override { return ranges_; }

 private:
  QuantizerSpec spec_;
  std::vector<Range> ranges_;
};

}  // namespace

ObserverType minmax_observer() {
  return {.name = "minmax",
          .reference = "Krishnamoorthi, arXiv:1806.08342v1, section 3: true minimum and maximum",
          .averages = false,
          .clips = false,
          .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
            return std::make_unique<MinMax>(options);
          }};
}

}  // namespace gradus
