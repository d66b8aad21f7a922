// The one list of a data spec's options: the parser, merging, writing, a recipe's reader and the
// help text all go through it, so an option is one field of DataSpec and one entry here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gradus/data/data_spec.h"

namespace gradus {

struct DataOption {
  std::string name;
  std::string values;  // what it takes, in words
  std::string help;    // one line: what it does
  // Sets the field from its text; false if the text is not one of `values`.
  std::function<bool(DataSpec&, const std::string&)> read;
  // The field as text that `read` takes back to the same value; empty if the field is.
  std::function<std::optional<std::string>(const DataSpec&)> write;
  // Copies the field from the second spec if it is set there.
  std::function<void(DataSpec&, const DataSpec&)> take;
};

// In the order in which to_string() writes them.
const std::vector<DataOption>& data_options();

// Every source and every option, a line each: what --help shows.
std::string data_help();

}  // namespace gradus
