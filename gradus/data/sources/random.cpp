// Normal floats and uniform labels, for speed measurements and checks where there is no data.
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

constexpr std::int64_t kDefaultSize = 1024;
constexpr std::int64_t kMaxSide = 16384;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

// "CxHxW", "CxL" of a signal or "F" features; all zero if it is none.
ImageShape parse_shape(std::string_view text) {
  std::vector<std::int64_t> sides;
  while (sides.size() < 3) {
    std::int64_t side = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), side);
    if (result.ec != std::errc() || side < 1 || side > kMaxSide) return {};
    sides.push_back(side);
    text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
    if (!text.starts_with('x')) break;
    text.remove_prefix(1);
  }
  if (!text.empty()) return {};
  if (sides.size() == 1) return {sides[0], 1, 1};
  return sides.size() == 2 ? ImageShape{sides[0], 1, sides[1]}
                           : ImageShape{sides[0], sides[1], sides[2]};
}

class RandomDataset : public Dataset {
 public:
  RandomDataset(DatasetInfo description, std::uint64_t seed, std::int64_t offset)
      : Dataset(std::move(description)), seed_(seed), offset_(offset) {
    const Preprocessing& preprocessing = info().preprocessing;
    const auto channels = static_cast<int>(shape().channels);
    const std::string where = "data '" + info().name + "'";
    mean_ = per_channel(preprocessing.mean, "mean", channels, 0.0f, where);
    std_ = per_channel(preprocessing.std, "std", channels, 1.0f, where);
  }

  std::int64_t label(std::int64_t index) const override {
    return static_cast<std::int64_t>(rng_of(index).below(static_cast<std::uint64_t>(classes())));
  }

 private:
  Rng rng_of(std::int64_t index) const {
    return Rng(seed_, static_cast<std::uint64_t>(index + offset_));
  }
  void load_image(std::int64_t index, std::span<float> image, Rng*, Layout layout) const override {
    Rng rng = rng_of(index);
    rng.next();  // the label's
    const Strides strides = strides_of(shape(), layout);
    for (std::int64_t c = 0; c < shape().channels; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      for (std::int64_t y = 0; y < shape().height; ++y) {
        float* row = image.data() + c * strides.channel + y * strides.row;
        for (std::int64_t x = 0; x < shape().width; ++x) {
          row[x * strides.column] =
              (rng.normal() * info().preprocessing.scale - mean_[channel]) / std_[channel];
        }
      }
    }
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return rng_of(index).next() ^ static_cast<std::uint64_t>(shape().elements());
  }

  std::uint64_t seed_;
  std::int64_t offset_;
  std::vector<float> mean_;
  std::vector<float> std_;
};

std::unique_ptr<Dataset> open_random(const DataSpec& spec) {
  DatasetInfo info;
  info.name = to_string(spec);
  info.split = spec.split.value_or(Split::kTest);
  info.size = spec.limit.value_or(kDefaultSize);
  info.classes = spec.classes.value_or(10);
  info.shape = parse_shape(spec.path);
  info.preprocessing = preprocessing_of(spec);
  if (info.shape.elements() < 1 || info.shape.elements() > kMaxElements) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "data '" + info.name + "': found the shape '" + spec.path +
            "'; expected CxHxW, e.g. 3x32x32 (of a signal CxL, of features F), sides from 1 "
            "to 16384, at most 2^28 values");
  }
  if (spec.resize || spec.crop || spec.channels || spec.order == ChannelOrder::kBgr) {
    throw Error(ErrorCode::kInvalidArgument,
                "data '" + info.name +
                    "': found resize, crop, channels or order=bgr; random data has none: "
                    "give the final shape");
  }
  // Another split is other data, as everywhere.
  const std::uint64_t seed =
      static_cast<std::uint64_t>(spec.seed.value_or(0)) * 2 + (info.split == Split::kTrain ? 1 : 0);
  return std::make_unique<RandomDataset>(std::move(info), seed, spec.offset.value_or(0));
}

}  // namespace

DataSource random_data_source() {
  return {"random", "random:CxHxW",
          "seeded normal floats and uniform labels, for checks without data; CxL or F of signals "
          "and features",
          open_random};
}

}  // namespace gradus
