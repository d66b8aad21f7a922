#include "gradus/data/npy.h"

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/array_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

std::unique_ptr<Dataset> open_npy(const DataSpec& spec) {
  if (!spec.labels) {
    throw Error(ErrorCode::kInvalidArgument,
                "data '" + to_string(spec) +
                    "': has no labels; expected labels=FILE, a .npy with "
                    "one label an image");
  }
  const MappedFile images(spec.path);
  const MappedFile labels(*spec.labels);
  return make_array_dataset(spec, {view_npy(images.bytes(), spec.path), spec.path},
                            {view_npy(labels.bytes(), *spec.labels), *spec.labels});
}

}  // namespace

DataSource npy_data_source() {
  return {"npy",
          "npy:FILE,labels=FILE",
          "NumPy arrays in two files: images and labels",
          open_npy,
          {"labels", "layout"}};
}

}  // namespace gradus
