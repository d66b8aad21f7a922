#include <filesystem>
#include <utility>

#include "gradus/base/check.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/picture_cache.h"
#include "gradus/data/picture_dataset.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

std::string real_path(const PictureFiles& files, std::size_t index) {
  std::error_code failure;
  const fs::path full = fs::path(files.folder) / files.paths[index];
  const fs::path real = fs::canonical(full, failure);
  if (failure) {
    throw Error(ErrorCode::kNotFound, full.string() + ": cannot be opened: " + failure.message());
  }
  if (files.may_leave) return real.string();
  const fs::path inside = real.lexically_relative(files.folder);
  if (inside.empty() || *inside.begin() == "..") {
    throw Error(ErrorCode::kInvalidFile, full.string() + ": leads to " + real.string() +
                                             "; expected a file inside " + files.folder +
                                             "; put the list beside the pictures");
  }
  return real.string();
}

std::vector<std::byte> read_picture_file(const PictureFiles& files, std::size_t index) {
  return read_file(real_path(files, index), kMaxPictureFileBytes);
}

DecodeOptions decode_options(const DataSpec& spec) {
  return {spec.exif != ExifRotation::kIgnore, spec.channels == 4};
}

class FileDataset : public PictureDataset {
 public:
  FileDataset(const DataSpec& spec, PictureSetInfo pictures, PictureFiles files)
      : PictureDataset(spec, std::move(pictures)),
        files_(std::move(files)),
        options_(decode_options(spec)) {
    check(std::ssize(files_.paths) == size(), "pictures and labels disagree");
    if (spec.cache) {
      cache_ = make_picture_cache(*spec.cache, size(), cache_key(),
                                  [&](std::int64_t index, Picture& scratch) {
                                    return PictureDataset::load_prepared(index, scratch);
                                  });
    }
  }

 private:
  PictureView picture(std::int64_t index, Picture& scratch) const override {
    const auto at = static_cast<std::size_t>(index);
    scratch = decode_picture(read_picture_file(files_, at), picture_name(index), options_);
    return scratch.view();
  }
  PictureView load_prepared(std::int64_t index, Picture& scratch) const override {
    if (!cache_) return PictureDataset::load_prepared(index, scratch);
    return cache_->load(index, scratch);
  }
  std::string picture_name(std::int64_t index) const override {
    return (fs::path(files_.folder) / files_.paths[static_cast<std::size_t>(index)]).string();
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    return hash_bytes(read_picture_file(files_, static_cast<std::size_t>(index)));
  }

  // Everything that a prepared picture hangs on, short of reading the files: their names, sizes and
  // times, and what is done to them.
  std::uint64_t cache_key() const {
    std::string text = files_.folder;
    for (const auto& [name, value] : to_key_values(info().preprocessing)) {
      text += '\n' + name + '=' + value;
    }
    if (info().augmentation.crop == Augmentation::Crop::kRandomResized) text += "\nwhole";
    for (std::size_t i = 0; i < files_.paths.size(); ++i) {
      const std::string path = real_path(files_, i);
      std::error_code failure;
      const auto time = fs::last_write_time(path, failure).time_since_epoch().count();
      const auto bytes = fs::file_size(path, failure);
      text += '\n' + files_.paths[i] + ' ' + std::to_string(bytes) + ' ' + std::to_string(time);
    }
    return hash_bytes(std::as_bytes(std::span(text)));
  }

  PictureFiles files_;  // the folder canonical
  DecodeOptions options_;
  std::unique_ptr<PictureCache> cache_;
};

}  // namespace

std::unique_ptr<Dataset> make_file_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                           PictureFiles files) {
  check(!files.paths.empty(), "no pictures");
  std::error_code failure;
  const std::string root = fs::canonical(files.folder, failure).string();
  if (failure) {
    throw Error(ErrorCode::kNotFound, files.folder + ": cannot be opened: " + failure.message());
  }
  files.folder = root;
  const std::string first = (fs::path(root) / files.paths[0]).string();
  pictures.size = decode_picture_size(read_picture_file(files, 0), first, decode_options(spec));
  pictures.channels = 3;
  return std::make_unique<FileDataset>(spec, std::move(pictures), std::move(files));
}

}  // namespace gradus
