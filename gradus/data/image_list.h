// The text file of imagelist: one picture and its label a line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

struct ImageList {
  std::vector<std::string>
      paths{};  // relative to the list's folder, inside it as far as text tells
  std::vector<std::int64_t> labels{};
  std::int64_t classes = 0;  // largest label + 1
};

// Reads lines `path, label` or `path label` (label an integer from 0 to 999999; a path may hold
// blanks and commas, the last one separates; both may stand in CSV's quotes). Empty lines, lines
// that start with '#', a header in the first line, a byte order mark and CRLF are tolerated. Throws
// Error: kNotFound if `file` cannot be read; kInvalidFile, naming the line, if one is malformed,
// its path is absolute or leaves the folder, or there is no picture at all.
ImageList read_image_list(const std::string& file);

}  // namespace gradus
