#include "gradus/data/subset.h"

#include <algorithm>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/data/loader.h"

namespace gradus {
namespace {

constexpr std::uint64_t kHoldOutSeed = 0x686f6c646f7574ULL;

DatasetInfo info_of(const Dataset& base, std::size_t size) {
  DatasetInfo info = base.info();
  info.size = static_cast<std::int64_t>(size);
  return info;
}

class Subset : public Dataset {
 public:
  Subset(std::unique_ptr<Dataset> base, std::vector<std::int64_t> samples)
      : Dataset(info_of(*base, samples.size())),
        base_(std::move(base)),
        samples_(std::move(samples)) {}

  std::int64_t label(std::int64_t index) const override { return base_->label(sample(index)); }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return base_->fingerprint(sample(index));
  }

 private:
  std::int64_t sample(std::int64_t index) const {
    return samples_[static_cast<std::size_t>(index)];
  }
  void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                  Layout layout) const override {
    std::int64_t label = 0;
    base_->load(sample(index), image, label, augment, layout);
  }

  std::unique_ptr<Dataset> base_;
  std::vector<std::int64_t> samples_;
};

}  // namespace

std::unique_ptr<Dataset> make_subset(std::unique_ptr<Dataset> base,
                                     std::vector<std::int64_t> samples) {
  return std::make_unique<Subset>(std::move(base), std::move(samples));
}

HeldOut hold_out(std::int64_t total, std::int64_t validation) {
  check(validation > 0 && validation < total, "nothing held out, or everything");
  const std::vector<std::int64_t> order = epoch_order(total, true, kHoldOutSeed, 0);
  HeldOut parts;
  parts.validation.assign(order.begin(), order.begin() + validation);
  parts.training.assign(order.begin() + validation, order.end());
  std::sort(parts.validation.begin(), parts.validation.end());
  std::sort(parts.training.begin(), parts.training.end());
  return parts;
}

}  // namespace gradus
