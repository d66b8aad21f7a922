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
  PictureSize size{};                           // of the first picture
  int channels = 3;                             // as they come; the spec may ask for others
  Augment train_augmentation = Augment::kNone;  // unless the spec says otherwise
};

class PictureDataset : public Dataset {
 public:
  std::int64_t label(std::int64_t index) const override {
    return labels_[static_cast<std::size_t>(index)];
  }

 protected:
  // Throws Error (kInvalidArgument) if the spec's preprocessing or augmentation does not fit such
  // pictures.
  PictureDataset(const DataSpec& spec, PictureSetInfo pictures);

  // Picture `index`, in storage of the data set's own or in `scratch`.
  virtual PictureView picture(std::int64_t index, Picture& scratch) const = 0;
  // What messages call it.
  virtual std::string picture_name(std::int64_t index) const = 0;

  // A picture as far as it is the same every time: its channels made, and, unless the augmentation
  // takes a part of the whole, resized and cropped. What a cache keeps.
  PictureView prepared(std::int64_t index, const PictureView& picture, Picture& scratch) const;
  // prepared(picture(index)), or what a cache has of it.
  virtual PictureView load_prepared(std::int64_t index, Picture& scratch) const;

 private:
  void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                  Layout layout) const override;
  PictureView sized(std::int64_t index, const PictureView& picture, Picture& scratch) const;
  bool takes_parts() const {
    return info().augmentation.crop == Augmentation::Crop::kRandomResized;
  }

  std::vector<std::int64_t> labels_;
  PixelTable table_;
};

// Pictures of one size, one after the other in `bytes`.
std::unique_ptr<Dataset> make_memory_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                             std::vector<std::uint8_t> bytes);

// JPEG and PNG files, read when they are asked for.
struct PictureFiles {
  std::string folder;
  std::vector<std::string> paths;  // relative to the folder
  // Whether a symbolic link may lead out of the folder: yes if the user chose the files, no if a
  // list names them, which may come from anywhere.
  bool may_leave = false;
};

// `pictures.size` is found from the first file; all must come out of the preprocessing in the same
// size. `pictures.channels` is not used.
std::unique_ptr<Dataset> make_file_dataset(const DataSpec& spec, PictureSetInfo pictures,
                                           PictureFiles files);

}  // namespace gradus
