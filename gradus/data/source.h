// The kinds of data: one file in sources/ and one line in CMakeLists.txt each.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gradus/data/data_spec.h"
#include "gradus/data/dataset.h"

namespace gradus {

struct DataSource {
  std::string name;   // the spec's kind
  std::string usage;  // e.g. "cifar10:DIR"
  std::string help;   // one line: what it reads
  // `spec` has this kind and a path. Throws Error if there is no such data or it is malformed.
  std::unique_ptr<Dataset> (*open)(const DataSpec& spec);
  // The options that not every source understands and this one does.
  std::vector<std::string> options{};
};

// In the order of the help text.
std::span<const DataSource> data_sources();

std::vector<std::string> data_source_names();

// Throws Error (kInvalidArgument) if there is none of that name.
const DataSource& find_data_source(const std::string& name);

// Opens what the spec asks for; `split` is taken where the spec names none.
// Throws Error: kInvalidArgument if the spec does not fit the data, kNotFound if a file or folder
// is missing, kInvalidFile if one is malformed.
std::unique_ptr<Dataset> open_dataset(const DataSpec& spec, Split split = Split::kTest);

// For sources with a fixed number of samples: which of [0, total) the spec selects, in order: all,
// shuffled if it has a seed, less `offset` at the front, at most `limit`.
// Throws Error (kInvalidArgument), starting with `where`, if that leaves none.
std::vector<std::int64_t> select_samples(std::int64_t total, const DataSpec& spec,
                                         const std::string& where);

// For sources that fix the number of classes. Throws Error (kInvalidArgument) if the spec asks for
// another.
void check_classes(const DataSpec& spec, std::int64_t classes);

}  // namespace gradus
