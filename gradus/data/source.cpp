#include "gradus/data/source.h"

#include <algorithm>
#include <numeric>

#include "gradus/base/error.h"
#include "gradus/base/nearest_name.h"
#include "gradus/base/rng.h"
#include "gradus/data/data_options.h"

namespace gradus {

std::vector<std::string> data_source_names() {
  std::vector<std::string> names;
  for (const DataSource& source : data_sources()) names.push_back(source.name);
  return names;
}

const DataSource& find_data_source(const std::string& name) {
  for (const DataSource& source : data_sources()) {
    if (source.name == name) return source;
  }
  const std::string nearest = nearest_name(name, data_source_names());
  std::string known;
  for (const DataSource& source : data_sources())
    known += (known.empty() ? "" : ", ") + source.usage;
  throw Error(ErrorCode::kInvalidArgument,
              "data: unknown kind '" + name + "'; " +
                  (nearest.empty() ? "" : "did you mean '" + nearest + "'? ") + "expected one of " +
                  known);
}

namespace {

// An option that only some sources understand is refused by the others.
void check_options(const DataSource& source, const DataSpec& spec) {
  for (const DataOption& option : data_options()) {
    if (!option.write(spec)) continue;
    std::string understood;
    bool here = false;
    for (const DataSource& other : data_sources()) {
      const auto& own = other.options;
      if (std::find(own.begin(), own.end(), option.name) == own.end()) continue;
      understood += (understood.empty() ? "" : ", ") + other.name;
      here = here || other.name == source.name;
    }
    if (here || understood.empty()) continue;
    throw Error(ErrorCode::kInvalidArgument, "data '" + to_string(spec) + "': option " +
                                                 option.name + ": " + source.name +
                                                 " has none; expected it of " + understood);
  }
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const DataSpec& spec, Split split) {
  const DataSource& source = find_data_source(spec.kind);
  DataSpec full = spec;
  full.split = spec.split.value_or(split);
  if (full.path.empty()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        "data '" + to_string(spec) + "': found nothing after the kind; expected " + source.usage);
  }
  check_options(source, full);
  return source.open(full);
}

std::vector<std::int64_t> select_samples(std::int64_t total, const DataSpec& spec,
                                         const std::string& where) {
  const std::int64_t offset = spec.offset.value_or(0);
  if (offset >= total) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": holds " + std::to_string(total) +
                    " samples; expected more than offset=" + std::to_string(offset));
  }
  std::vector<std::int64_t> samples(static_cast<std::size_t>(total));
  std::iota(samples.begin(), samples.end(), std::int64_t{0});
  if (spec.seed) {
    Rng rng(static_cast<std::uint64_t>(*spec.seed));
    rng.shuffle(std::span(samples));
  }
  const std::int64_t count = std::min(spec.limit.value_or(total), total - offset);
  samples.erase(samples.begin(), samples.begin() + offset);
  samples.resize(static_cast<std::size_t>(count));
  return samples;
}

void check_classes(const DataSpec& spec, std::int64_t classes) {
  if (spec.classes.value_or(classes) == classes) return;
  throw Error(ErrorCode::kInvalidArgument, "data '" + to_string(spec) +
                                               "': option classes: found " +
                                               std::to_string(*spec.classes) + "; expected " +
                                               std::to_string(classes) + " or nothing");
}

}  // namespace gradus
