// A labelled set of images, ready for a network. open_dataset (source.h) makes one from a data
// spec; Loader (loader.h) turns one into batches.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/data/augmentation.h"
#include "gradus/data/data_spec.h"
#include "gradus/data/pixels.h"
#include "gradus/data/preprocessing.h"

namespace gradus {

struct DatasetInfo {
  std::string name{};  // the data spec, for messages and reports
  Split split = Split::kTest;
  std::int64_t size = 0;
  std::int64_t classes = 0;
  std::vector<std::string> class_names{};  // empty if unknown
  ImageShape shape{};                      // after preprocessing
  Preprocessing preprocessing{};
  Augmentation augmentation{};  // nothing in the test split
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const DatasetInfo& info() const noexcept { return info_; }
  std::int64_t size() const noexcept { return info_.size; }
  std::int64_t classes() const noexcept { return info_.classes; }
  const ImageShape& shape() const noexcept { return info_.shape; }

  // Writes sample `index` of [0, size()) to `image` (shape().elements() values in `layout`) and its
  // label, in [0, classes()). With `augment`, draws the augmentation from it; the values depend
  // only on its state. Safe from several threads at once. Throws Error if a file cannot be read.
  void load(std::int64_t index, std::span<float> image, std::int64_t& label, Rng* augment = nullptr,
            Layout layout = Layout::kNchw) const;

  virtual std::int64_t label(std::int64_t index) const = 0;

  // A hash of the sample's content as the source has it.
  virtual std::uint64_t fingerprint(std::int64_t index) const = 0;

  // Sixteen hexadecimal digits over the labels of all samples and the content of 64 evenly spaced
  // ones, before preprocessing: tells data sets apart, at the cost of reading 64 files.
  std::string content_hash() const;

 protected:
  explicit Dataset(DatasetInfo info);

 private:
  virtual void load_image(std::int64_t index, std::span<float> image, Rng* augment,
                          Layout layout) const = 0;
  DatasetInfo info_;
};

// FNV-1a, 64 bits, continued from `previous`.
inline constexpr std::uint64_t kHashStart = 0xcbf29ce484222325ULL;
std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t previous = kHashStart);

}  // namespace gradus
