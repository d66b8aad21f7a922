#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/data/image_list.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

std::int64_t class_count(const ImageList& list, const DataSpec& spec) {
  const std::int64_t classes = spec.classes.value_or(list.classes);
  if (classes >= list.classes) return classes;
  throw Error(ErrorCode::kInvalidFile,
              spec.path + ": holds the label " + std::to_string(list.classes - 1) +
                  "; expected labels below classes=" + std::to_string(classes));
}

std::unique_ptr<Dataset> open_imagelist(const DataSpec& spec) {
  const ImageList list = read_image_list(spec.path);
  PictureSetInfo pictures;
  pictures.classes = class_count(list, spec);
  pictures.train_augmentation = Augment::kFlip;
  std::vector<std::string> paths;
  for (std::int64_t sample : select_samples(std::ssize(list.paths), spec, spec.path)) {
    paths.push_back(list.paths[static_cast<std::size_t>(sample)]);
    pictures.labels.push_back(list.labels[static_cast<std::size_t>(sample)]);
  }
  const std::string folder = std::filesystem::path(spec.path).parent_path().string();
  return make_file_dataset(spec, std::move(pictures),
                           {folder.empty() ? "." : folder, std::move(paths), false});
}

}  // namespace

DataSource imagelist_data_source() {
  return {"imagelist",
          "imagelist:FILE",
          "JPEG and PNG pictures named in a text file, one path and label a line",
          open_imagelist,
          {"cache"}};
}

}  // namespace gradus
