#include "gradus/data/picture_dataset.h"

#include <algorithm>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/data/resize.h"

namespace gradus {
namespace {

int resize_of(const Preprocessing& preprocessing) { return static_cast<int>(preprocessing.resize); }
int crop_of(const Preprocessing& preprocessing) { return static_cast<int>(preprocessing.crop); }

// The size that resizing and cropping make of `size`.
ImageShape prepared_shape(PictureSize size, int channels, const Preprocessing& preprocessing,
                          const std::string& where) {
  if (preprocessing.resize > 0) size = resized_size(size, resize_of(preprocessing), where);
  if (preprocessing.crop > 0) {
    const int side = crop_of(preprocessing);
    check_crop(size, side, where);
    size = {side, side};
  }
  return {channels, size.height, size.width};
}

int channels_of(const DataSpec& spec, const PictureSetInfo& pictures) {
  return static_cast<int>(spec.channels.value_or(pictures.channels));
}

DatasetInfo dataset_info(const DataSpec& spec, const PictureSetInfo& pictures) {
  DatasetInfo info;
  info.name = to_string(spec);
  info.split = spec.split.value_or(Split::kTest);
  info.size = std::ssize(pictures.labels);
  info.classes = pictures.classes;
  info.class_names = pictures.class_names;
  info.preprocessing = preprocessing_of(spec);
  info.shape = prepared_shape(pictures.size, channels_of(spec, pictures), info.preprocessing,
                              "data '" + info.name + "'");
  info.augmentation = augmentation_of(spec, pictures.train_augmentation);
  if (info.augmentation.changes_colour() && info.shape.channels == 4) {
    throw Error(ErrorCode::kInvalidArgument,
                "data '" + info.name +
                    "': jitter and randaugment: found pictures with 4 channels; expected 1 or 3");
  }
  return info;
}

class MemoryDataset : public PictureDataset {
 public:
  MemoryDataset(const DataSpec& spec, PictureSetInfo pictures, std::vector<std::uint8_t> bytes)
      : PictureDataset(spec, pictures),
        size_(pictures.size),
        channels_(pictures.channels),
        picture_bytes_(static_cast<std::size_t>(size_.width * size_.height * channels_)),
        bytes_(std::move(bytes)) {
    check(bytes_.size() == picture_bytes_ * pictures.labels.size(), "pictures and labels disagree");
  }

 private:
  std::span<const std::uint8_t> bytes_of(std::int64_t index) const {
    return std::span(bytes_).subspan(static_cast<std::size_t>(index) * picture_bytes_,
                                     picture_bytes_);
  }
  PictureView picture(std::int64_t index, Picture&) const override {
    return {bytes_of(index).data(), size_.width, size_.height, channels_,
            std::ptrdiff_t{size_.width} * channels_};
  }
  std::string picture_name(std::int64_t index) const override {
    return info().name + ": picture " + std::to_string(index);
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return hash_bytes(std::as_bytes(bytes_of(index)));
  }

  PictureSize size_;
  int channels_;
  std::size_t picture_bytes_;
  std::vector<std::uint8_t> bytes_;
};

// A copy of its own of a view.
Picture copy_of(const PictureView& view) { return placed(view, {}); }

}  // namespace

PictureDataset::PictureDataset(const DataSpec& spec, PictureSetInfo pictures)
    : Dataset(dataset_info(spec, pictures)),
      labels_(std::move(pictures.labels)),
      table_(info().preprocessing, static_cast<int>(shape().channels),
             "data '" + info().name + "'") {}

PictureView PictureDataset::sized(std::int64_t index, const PictureView& picture,
                                  Picture& scratch) const {
  const Preprocessing& preprocessing = info().preprocessing;
  PictureView view = picture;
  if (preprocessing.resize > 0) {
    const PictureSize before{view.width, view.height};
    const PictureSize after = resized_size(before, resize_of(preprocessing), picture_name(index));
    if (after != before) {
      scratch = resize_bilinear(view, after);
      view = scratch.view();
    }
  }
  if (preprocessing.crop > 0) {
    view = centre_crop(view, crop_of(preprocessing), preprocessing.crop_round, picture_name(index));
  }
  if (view.width == shape().width && view.height == shape().height) return view;
  throw Error(ErrorCode::kInvalidFile,
              picture_name(index) + ": comes out " + std::to_string(view.width) + "x" +
                  std::to_string(view.height) + " pixels; expected " +
                  std::to_string(shape().width) + "x" + std::to_string(shape().height) +
                  " as the first picture; give resize and crop");
}

PictureView PictureDataset::prepared(std::int64_t index, const PictureView& picture,
                                     Picture& scratch) const {
  PictureView view = picture;
  if (view.channels != shape().channels) {
    scratch = with_channels(copy_of(view), static_cast<int>(shape().channels));
    view = scratch.view();
  }
  return takes_parts() ? view : sized(index, view, scratch);
}

PictureView PictureDataset::load_prepared(std::int64_t index, Picture& scratch) const {
  const PictureView view = picture(index, scratch);
  return prepared(index, view, scratch);
}

void PictureDataset::load_image(std::int64_t index, std::span<float> image, Rng* augment,
                                Layout layout) const {
  Picture scratch;
  const Augmentation& augmentation = info().augmentation;
  PictureView view = load_prepared(index, scratch);
  if (takes_parts() && augment != nullptr) {
    const Box box = draw_box({view.width, view.height}, augmentation, *augment);
    const PictureSize size{static_cast<int>(shape().width), static_cast<int>(shape().height)};
    scratch = resize_bilinear(part_of(view, box), size);
    view = scratch.view();
  } else if (takes_parts()) {
    view = sized(index, view, scratch);
  }
  Placement placement = augment ? draw_placement(augmentation, *augment) : Placement{};
  if (augment != nullptr && augmentation.changes_colour()) {
    scratch = placed(view, placement);
    change_colour(scratch, augmentation, *augment);
    view = scratch.view();
    placement = {};
  }
  table_.write(view, placement, layout, image);
}

std::unique_ptr<Dataset> make_memory_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                             std::vector<std::uint8_t> bytes) {
  return std::make_unique<MemoryDataset>(spec, std::move(pictures), std::move(bytes));
}

}  // namespace gradus
