#include <algorithm>

#include "gradus/base/check.h"
#include "gradus/fakequant/observer.h"

namespace gradus {
namespace {

class MovingAverageMinMax : public Observer {
 public:
  explicit MovingAverageMinMax(const ObserverOptions& options) : options_(options) {}

  void observe(const at::Tensor& x) override {
    const std::vector<Range> part = ranges_of(x, options_.spec.per_channel, options_.spec.axis);
    if (batch_.empty()) {
      batch_ = part;
      return;
    }
    check(batch_.size() == part.size(), "observer saw another number of channels");
    for (std::size_t c = 0; c < part.size(); ++c) {
      batch_[c].min = std::min(batch_[c].min, part[c].min);
      batch_[c].max = std::max(batch_[c].max, part[c].max);
    }
  }

  void end_batch() override {
    ranges_ = ranges();
    batch_.clear();
  }

  std::vector<Range> ranges() const override {
    if (batch_.empty()) return ranges_;
    if (ranges_.empty()) return batch_;
    check(ranges_.size() == batch_.size(), "observer saw another number of channels");
    std::vector<Range> averaged = ranges_;
    for (std::size_t c = 0; c < batch_.size(); ++c) {
      averaged[c].min += options_.averaging_constant * (batch_[c].min - averaged[c].min);
      averaged[c].max += options_.averaging_constant * (batch_[c].max - averaged[c].max);
    }
    return averaged;
  }

 private:
  ObserverOptions options_;
  std::vector<Range> ranges_;  // of the batches before
  std::vector<Range> batch_;   // of the one under way
};

}  // namespace

// The first batch initialises, as PyTorch's MovingAverageMinMaxObserver does.
ObserverType moving_average_minmax_observer() {
  return {.name = "moving_average_minmax",
          .reference = "Jacob et al., arXiv:1712.05877v1, section 3.1",
          .averages = true,
          .clips = false,
          .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
            return std::make_unique<MovingAverageMinMax>(options);
          }};
}

}  // namespace gradus
