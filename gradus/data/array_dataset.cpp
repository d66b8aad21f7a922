#include "gradus/data/array_dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

[[noreturn]] void refuse(const NamedArray& array, const std::string& what) {
  throw Error(ErrorCode::kInvalidFile, array.name + ": " + what);
}

bool is_channels(std::int64_t dimension) {
  return dimension == 1 || dimension == 3 || dimension == 4;
}

// How one image lies in the array.
struct ArrayImages {
  ImageShape shape;
  Layout layout = Layout::kNhwc;
};

Layout layout_of(const NamedArray& images, const DataSpec& spec) {
  if (spec.layout) return *spec.layout;
  const Shape& shape = images.array.shape;
  const bool first = is_channels(shape[1]);
  const bool last = is_channels(shape[3]);
  if (first == last) {
    refuse(images, "is " + to_string(shape) + ", which " + (first ? "both" : "neither") +
                       " [N, C, H, W] and [N, H, W, C] fit with 1, 3 or 4 channels; say which: "
                       "layout=nchw or layout=nhwc");
  }
  return first ? Layout::kNchw : Layout::kNhwc;
}

ArrayImages images_of(const NamedArray& images, const DataSpec& spec) {
  const Shape& shape = images.array.shape;
  ArrayImages found;
  if (shape.size() == 2) {
    found.shape = {1, 1, shape[1]};
  } else if (shape.size() == 3) {
    found.shape = {1, shape[1], shape[2]};
  } else if (shape.size() == 4) {
    found.layout = layout_of(images, spec);
    const bool planes = found.layout == Layout::kNchw;
    found.shape = planes ? ImageShape{shape[1], shape[2], shape[3]}
                         : ImageShape{shape[3], shape[1], shape[2]};
  } else {
    refuse(images, "is " + to_string(shape) +
                       "; expected images: [N, H, W], [N, H, W, C], [N, C, H, W] or [N, features]");
  }
  if (*std::min_element(shape.begin(), shape.end()) < 1) {
    refuse(images, "is " + to_string(shape) + ", which holds nothing");
  }
  return found;
}

std::vector<std::int64_t> labels_of(const NamedArray& labels, const NamedArray& images) {
  const Shape& shape = labels.array.shape;
  const bool column = shape.size() == 2 && shape[1] == 1;
  if (shape.size() != 1 && !column) {
    refuse(labels, "is " + to_string(shape) +
                       "; expected one label an image: [N] (one-hot: save its argmax)");
  }
  if (shape[0] != images.array.shape[0]) {
    refuse(labels, "holds " + std::to_string(shape[0]) + " labels for " +
                       std::to_string(images.array.shape[0]) + " images in " + images.name +
                       "; expected as many");
  }
  std::vector<std::int64_t> values = to_integers(labels.array, labels.name);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] <= kMaxLabel) continue;
    refuse(labels, "label " + std::to_string(i) + " is " + std::to_string(values[i]) +
                       "; expected 0 to " + std::to_string(kMaxLabel));
  }
  return values;
}

// The selected images, one after the other.
std::vector<std::byte> select_bytes(const NpyView& images,
                                    const std::vector<std::int64_t>& samples) {
  const std::size_t bytes = images.data.size() / static_cast<std::size_t>(images.shape[0]);
  std::vector<std::byte> selected;
  selected.reserve(bytes * samples.size());
  for (std::int64_t sample : samples) {
    const auto image = images.data.subspan(static_cast<std::size_t>(sample) * bytes, bytes);
    selected.insert(selected.end(), image.begin(), image.end());
  }
  return selected;
}

class FloatDataset : public Dataset {
 public:
  FloatDataset(DatasetInfo about, const NpyType& type, Layout layout,
               std::vector<std::int64_t> labels, std::vector<std::byte> bytes)
      : Dataset(std::move(about)),
        type_(type),
        layout_(layout),
        labels_(std::move(labels)),
        bytes_(std::move(bytes)),
        image_bytes_(bytes_.size() / labels_.size()) {
    const Preprocessing& preprocessing = info().preprocessing;
    const auto channels = static_cast<int>(shape().channels);
    const std::string where = "data '" + info().name + "'";
    mean_ = per_channel(preprocessing.mean, "mean", channels, 0.0f, where);
    std_ = per_channel(preprocessing.std, "std", channels, 1.0f, where);
    // Checks that it can be asked for.
    reversed_ = PixelTable(preprocessing, channels, where).reversed();
  }

  std::int64_t label(std::int64_t index) const override {
    return labels_[static_cast<std::size_t>(index)];
  }

 private:
  std::span<const std::byte> bytes_of(std::int64_t index) const {
    return std::span(bytes_).subspan(static_cast<std::size_t>(index) * image_bytes_, image_bytes_);
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return hash_bytes(bytes_of(index));
  }
  void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                  Layout layout) const override {
    std::vector<float> values(image.size());
    to_floats(type_, bytes_of(index), values);
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
      throw Error(ErrorCode::kInvalidFile, info().name + ": image " + std::to_string(index) +
                                               " holds values that are not finite");
    }
    place(values, augment ? draw_placement(info().augmentation, *augment) : Placement{}, layout,
          image);
  }
  void place(std::span<const float> values, const Placement& placement, Layout layout,
             std::span<float> image) const {
    const Strides in = strides_of(shape(), layout_);
    const Strides out = strides_of(shape(), layout);
    for (std::int64_t c = 0; c < shape().channels; ++c) {
      const std::int64_t from = (reversed_ ? shape().channels - 1 - c : c) * in.channel;
      const auto channel = static_cast<std::size_t>(c);
      for (std::int64_t y = 0; y < shape().height; ++y) {
        const std::int64_t below = y + placement.top;
        const std::int64_t in_y = placement.turn ? shape().height - 1 - below : below;
        for (std::int64_t x = 0; x < shape().width; ++x) {
          const std::int64_t right = x + placement.left;
          const std::int64_t in_x = placement.flip ? shape().width - 1 - right : right;
          const bool seen = in_y >= 0 && in_y < shape().height && in_x >= 0 && in_x < shape().width;
          const auto at = static_cast<std::size_t>(from + in_y * in.row + in_x * in.column);
          const float value = seen ? values[at] * info().preprocessing.scale : 0.0f;
          image[static_cast<std::size_t>(c * out.channel + y * out.row + x * out.column)] =
              (value - mean_[channel]) / std_[channel];
        }
      }
    }
  }

  NpyType type_;
  Layout layout_;
  std::vector<std::int64_t> labels_;
  std::vector<std::byte> bytes_;
  std::size_t image_bytes_;
  std::vector<float> mean_;
  std::vector<float> std_;
  bool reversed_ = false;
};

std::unique_ptr<Dataset> make_float_dataset(const DataSpec& spec, const NpyType& type,
                                            const ArrayImages& images, PictureSetInfo chosen,
                                            std::vector<std::byte> bytes) {
  DatasetInfo about;
  about.name = to_string(spec);
  about.split = spec.split.value_or(Split::kTest);
  about.size = std::ssize(chosen.labels);
  about.classes = chosen.classes;
  about.shape = images.shape;
  about.preprocessing = preprocessing_of(spec);
  about.augmentation = augmentation_of(spec, chosen.train_augmentation);
  const bool of_pictures = about.augmentation.changes_colour() ||
                           about.augmentation.crop == Augmentation::Crop::kRandomResized;
  if (spec.resize || spec.crop || spec.channels || of_pictures) {
    throw Error(ErrorCode::kInvalidArgument,
                "data '" + about.name +
                    "': found resize, crop, channels, random_resized_crop, "
                    "jitter or randaugment for an array of " +
                    to_string(type) + "; expected uint8, or an array in the network's size");
  }
  return std::make_unique<FloatDataset>(std::move(about), type, images.layout,
                                        std::move(chosen.labels), std::move(bytes));
}

// Pictures are interleaved.
std::vector<std::uint8_t> interleaved(std::span<const std::byte> bytes, const ArrayImages& images) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  const auto image = static_cast<std::size_t>(images.shape.elements());
  const std::size_t pixels = image / channels;
  std::vector<std::uint8_t> result(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t in = i % image;
    const std::size_t to =
        images.layout == Layout::kNchw ? i - in + in % pixels * channels + in / pixels : i;
    result[to] = std::to_integer<std::uint8_t>(bytes[i]);
  }
  return result;
}

}  // namespace

std::unique_ptr<Dataset> make_array_dataset(const DataSpec& spec, const NamedArray& images,
                                            const NamedArray& labels) {
  const ArrayImages found = images_of(images, spec);
  const std::vector<std::int64_t> all = labels_of(labels, images);
  const std::int64_t largest = *std::max_element(all.begin(), all.end());
  PictureSetInfo chosen;
  chosen.classes = spec.classes.value_or(largest + 1);
  if (chosen.classes <= largest) {
    refuse(labels, "holds the label " + std::to_string(largest) +
                       "; expected labels below classes=" + std::to_string(chosen.classes));
  }
  const auto samples = select_samples(images.array.shape[0], spec, images.name);
  for (std::int64_t sample : samples) {
    chosen.labels.push_back(all[static_cast<std::size_t>(sample)]);
  }
  std::vector<std::byte> bytes = select_bytes(images.array, samples);
  const bool pictures =
      images.array.type == NpyType{NumberKind::kUnsigned, 1} && is_channels(found.shape.channels);
  if (!pictures) {
    return make_float_dataset(spec, images.array.type, found, std::move(chosen), std::move(bytes));
  }
  check_picture_size(static_cast<std::uint64_t>(found.shape.width),
                     static_cast<std::uint64_t>(found.shape.height), images.name);
  chosen.size = {static_cast<int>(found.shape.width), static_cast<int>(found.shape.height)};
  chosen.channels = static_cast<int>(found.shape.channels);
  return make_memory_dataset(spec, std::move(chosen), interleaved(bytes, found));
}

}  // namespace gradus
