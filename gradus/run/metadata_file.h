// Text by key in a JSON file.
#pragma once

#include <map>
#include <string>

namespace gradus {

// Throws Error (kInvalidArgument) if a text is not UTF-8, and as write_file_atomically does.
void save_metadata(const std::map<std::string, std::string>& metadata, const std::string& path);

// Throws Error: kNotFound if the file is missing, kInvalidFile if it is larger than 16 MiB or is no
// flat JSON object of texts.
std::map<std::string, std::string> load_metadata(const std::string& path);

}  // namespace gradus
