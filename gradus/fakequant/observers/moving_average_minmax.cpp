#include "gradus/base/check.h"
#include "gradus/fakequant/observer.h"

namespace gradus {
namespace {

class MovingAverageMinMax : public Observer {
 public:
  explicit MovingAverageMinMax(const ObserverOptions& options) : options_(options) {}

  void observe(const at::Tensor& x) override {
    const std::vector<Range> batch = ranges_of(x, options_.spec.per_channel, options_.spec.axis);
    if (ranges_.empty()) {
      ranges_ = batch;
      return;
    }
    check(ranges_.size() == batch.size(), "observer saw another number of channels");
    for (std::size_t c = 0; c < batch.size(); ++c) {
      ranges_[c].min += options_.averaging_constant * (batch[c].min - ranges_[c].min);
      ranges_[c].max += options_.averaging_constant * (batch[c].max - ranges_[c].max);
    }
  }

  std::vector<Range> ranges() const override { return ranges_; }

 private:
  ObserverOptions options_;
  std::vector<Range> ranges_;
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
