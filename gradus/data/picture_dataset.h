// Data sets of pictures: what a source adds is where the bytes of picture i are. Two ready-made
// ones, in memory and in files, serve most sources.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gradus/data/dataset.h"
#include "gradus/data/decode.h"
#include "gradus/data/picture.h"

namespace gradus {

// What every picture source knows about its pictures once the spec's selection is made.
struct PictureSetInfo {
  std::vector<std::int64_t> labels{};
  std::int64_t classes = 0;
  std::vector<std::string> class_names{};
  PictureSize size{};  // of the first picture
  int channels = 3;
  Augmentation train_augmentation = Augmentation::kNone;  // unless the spec says otherwise
};

class PictureDataset : public Dataset {
 public:
  std::int64_t label(std::int64_t index) const override {
    return labels_[static_cast<std::size_t>(index)];
  }

 protected:
  // Throws Error (kInvalidArgument) if the spec's preprocessing does not fit such pictures.
  PictureDataset(const DataSpec& spec, PictureSetInfo pictures);

  // Picture `index`, in storage of the data set's own or in `scratch`.
  virtual PictureView picture(std::int64_t index, Picture& scratch) const = 0;
  // What messages call it.
  virtual std::string picture_name(std::int64_t index) const = 0;

 private:
  void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                  Layout layout) const override;

  std::vector<std::int64_t> labels_;
  PixelTable table_;
};

// Pictures of one size, one after the other in `bytes`.
std::unique_ptr<Dataset> make_memory_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                             std::vector<std::uint8_t> bytes);

// JPEG and PNG files below `folder`, read when they are asked for; `paths` are relative to it and
// must not leave it, by a symbolic link either. `pictures.size` is found from the first file; all
// must come out of the preprocessing in the same size.
std::unique_ptr<Dataset> make_file_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                           const std::string& folder,
                                           std::vector<std::string> paths);

}  // namespace gradus
