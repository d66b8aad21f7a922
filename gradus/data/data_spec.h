// The data SPEC of the command line and of a recipe's `data:` section:
//   kind:path[,option=value]...   e.g. cifar10:/data/cifar10,split=test,limit=1000
// A comma or backslash inside the path is written with a backslash before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/preprocessing.h"

namespace gradus {

enum class Split { kTrain, kTest };

// How images lie in memory or in an array: [N, C, H, W] or [N, H, W, C].
enum class Layout { kNchw, kNhwc };

// The usual ways to vary training pictures (augmentation.h); single options add to them.
enum class Augment { kNone, kFlip, kPadCropFlip, kRandomResizedCrop };

// What was asked for; an option that was not given is empty, so that a recipe or a trained artefact
// can fill it.
struct DataSpec {
  std::string kind{};  // a name of data_sources(); empty in a spec that only fills options
  std::string path{};
  std::optional<Split> split{};
  std::optional<std::int64_t> offset{};  // samples left out at the front
  std::optional<std::int64_t> limit{};   // at most so many samples after `offset`
  std::optional<std::int64_t>
      seed{};  // files: shuffles before offset and limit; generated: the content
  std::optional<std::int64_t> classes{};  // number of classes, where the source does not fix it
  std::optional<float> scale{};
  std::optional<std::vector<float>> mean{};
  std::optional<std::vector<float>> std{};
  std::optional<ChannelOrder> order{};
  std::optional<std::int64_t> resize{};
  std::optional<std::int64_t> crop{};
  std::optional<CropRound> crop_round{};
  std::optional<ExifRotation> exif{};
  std::optional<std::int64_t> channels{};
  // Where in an array file: names in an npz; a file beside an npy.
  std::optional<std::string> images{};
  std::optional<std::string> labels{};
  std::optional<Layout> layout{};
  // Where decoded pictures are kept: "memory" or a folder.
  std::optional<std::string> cache{};
  // In the train split only; see augmentation.h.
  std::optional<Augment> augment{};
  std::optional<float> hflip{};
  std::optional<float> vflip{};
  std::optional<std::vector<float>> crop_scale{};
  std::optional<std::vector<float>> crop_ratio{};
  std::optional<std::vector<float>> jitter{};
  std::optional<std::vector<float>> randaugment{};

  bool operator==(const DataSpec&) const = default;
};

// Throws Error (kInvalidArgument): unknown kind or option (names the nearest), option given twice,
// a value that is malformed or out of range, missing path.
DataSpec parse_data_spec(const std::string& text);

// Sets one option from its text. Throws Error (kInvalidArgument), starting with `where`, as above.
void set_option(DataSpec& spec, const std::string& name, const std::string& value,
                const std::string& where);

// `over` wins, option by option; its kind and path too unless they are empty.
DataSpec merge(const DataSpec& base, const DataSpec& over);

// parse_data_spec(to_string(spec)) == spec for every spec with a kind.
std::string to_string(const DataSpec& spec);

// The same data without augmentation, e.g. to validate on a part of the training split.
DataSpec without_augmentation(DataSpec spec);

const char* split_name(Split split) noexcept;

// The preprocessing that a spec asks for, defaults filled in; and a spec that fills exactly it.
Preprocessing preprocessing_of(const DataSpec& spec);
DataSpec spec_of(const Preprocessing& preprocessing);

}  // namespace gradus
