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
enum class Augmentation { kNone, kFlip, kPadCropFlip };

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
  std::optional<Augmentation> augment{};  // in the train split only

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

const char* split_name(Split split) noexcept;

// The preprocessing that a spec asks for, defaults filled in; and a spec that fills exactly it.
Preprocessing preprocessing_of(const DataSpec& spec);
DataSpec spec_of(const Preprocessing& preprocessing);

}  // namespace gradus
