#include "gradus/fakequant/observer.h"

namespace gradus {
namespace {

class Given : public Observer {
 public:
  explicit Given(const ObserverOptions& options) : options_(options) {}

  void observe(const at::Tensor& x) override {
    const auto axis = static_cast<std::int64_t>(options_.spec.axis);
    channels_ = static_cast<std::size_t>(options_.spec.per_channel ? x.size(axis) : 1);
  }

  std::vector<Range> ranges() const override {
    return std::vector<Range>(channels_, options_.given);
  }

 private:
  ObserverOptions options_;
  std::size_t channels_ = 0;
};

}  // namespace

// The recipe's `range`, the same for every channel.
ObserverType given_observer() {
  return {.name = "given",
          .reference =
              "a range known beforehand, as of ReLU6; its quantizer as in Jacob et al., "
              "arXiv:1712.05877v1, section 2.1",
          .averages = false,
          .clips = false,
          .fixed = true,
          .make = [](const ObserverOptions& options) -> std::unique_ptr<Observer> {
            return std::make_unique<Given>(options);
          }};
}

}  // namespace gradus
