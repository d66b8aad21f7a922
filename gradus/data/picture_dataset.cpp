#include "gradus/data/picture_dataset.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/resize.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

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

DatasetInfo dataset_info(const DataSpec& spec, const PictureSetInfo& pictures) {
  DatasetInfo info;
  info.name = to_string(spec);
  info.split = spec.split.value_or(Split::kTest);
  info.size = std::ssize(pictures.labels);
  info.classes = pictures.classes;
  info.class_names = pictures.class_names;
  info.preprocessing = preprocessing_of(spec);
  info.shape = prepared_shape(pictures.size, pictures.channels, info.preprocessing,
                              "data '" + info.name + "'");
  if (info.split == Split::kTrain) {
    info.augmentation = spec.augment.value_or(pictures.train_augmentation);
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

// A list file may come from anywhere: it must not make us read what lies outside its folder.
std::vector<std::byte> read_picture_file(const std::string& folder, const std::string& path) {
  std::error_code failure;
  const fs::path full = fs::path(folder) / path;
  const fs::path real = fs::canonical(full, failure);
  if (failure) {
    throw Error(ErrorCode::kNotFound, full.string() + ": cannot be opened: " + failure.message());
  }
  const fs::path inside = real.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") {
    throw Error(ErrorCode::kInvalidFile, full.string() + ": leads to " + real.string() +
                                             "; expected a file inside " + folder +
                                             "; put the list beside the pictures");
  }
  return read_file(real.string(), kMaxPictureFileBytes);
}

class FileDataset : public PictureDataset {
 public:
  FileDataset(const DataSpec& spec, PictureSetInfo pictures, const std::string& folder,
              std::vector<std::string> paths)
      : PictureDataset(spec, std::move(pictures)), folder_(folder), paths_(std::move(paths)) {
    check(std::ssize(paths_) == size(), "pictures and labels disagree");
  }

 private:
  PictureView picture(std::int64_t index, Picture& scratch) const override {
    scratch = decode_picture(read_picture_file(folder_, path(index)), picture_name(index));
    return scratch.view();
  }
  std::string picture_name(std::int64_t index) const override {
    return (fs::path(folder_) / path(index)).string();
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return hash_bytes(read_picture_file(folder_, path(index)));
  }
  const std::string& path(std::int64_t index) const {
    return paths_[static_cast<std::size_t>(index)];
  }

  std::string folder_;  // canonical
  std::vector<std::string> paths_;
};

}  // namespace

PictureDataset::PictureDataset(const DataSpec& spec, PictureSetInfo pictures)
    : Dataset(dataset_info(spec, pictures)),
      labels_(std::move(pictures.labels)),
      table_(info().preprocessing, pictures.channels, "data '" + info().name + "'") {}

void PictureDataset::load_image(std::int64_t index, std::span<float> image, Rng* augment,
                                Layout layout) const {
  Picture scratch;
  Picture resized;
  PictureView view = picture(index, scratch);
  const Preprocessing& preprocessing = info().preprocessing;
  if (preprocessing.resize > 0) {
    const PictureSize before{view.width, view.height};
    const PictureSize after = resized_size(before, resize_of(preprocessing), picture_name(index));
    if (after != before) resized = resize_bilinear(view, after);
    if (after != before) view = resized.view();
  }
  if (preprocessing.crop > 0) {
    view = centre_crop(view, crop_of(preprocessing), preprocessing.crop_round, picture_name(index));
  }
  if (view.width != shape().width || view.height != shape().height) {
    throw Error(ErrorCode::kInvalidFile,
                picture_name(index) + ": comes out " + std::to_string(view.width) + "x" +
                    std::to_string(view.height) + " pixels; expected " +
                    std::to_string(shape().width) + "x" + std::to_string(shape().height) +
                    " as the first picture; give resize and crop");
  }
  const Placement placement = augment ? draw_placement(info().augmentation, *augment) : Placement{};
  table_.write(view, placement, layout, image);
}

std::unique_ptr<Dataset> make_memory_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                             std::vector<std::uint8_t> bytes) {
  return std::make_unique<MemoryDataset>(spec, std::move(pictures), std::move(bytes));
}

std::unique_ptr<Dataset> make_file_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                           const std::string& folder,
                                           std::vector<std::string> paths) {
  check(!paths.empty(), "no pictures");
  std::error_code failure;
  const std::string root = fs::canonical(folder, failure).string();
  if (failure) {
    throw Error(ErrorCode::kNotFound, folder + ": cannot be opened: " + failure.message());
  }
  const std::string first = (fs::path(root) / paths[0]).string();
  pictures.size = decode_picture_size(read_picture_file(root, paths[0]), first);
  pictures.channels = 3;
  return std::make_unique<FileDataset>(spec, std::move(pictures), root, std::move(paths));
}

}  // namespace gradus
