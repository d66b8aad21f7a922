// The JSON header of a safetensors file: what lies where in the data behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gradus/graph/tensor.h"

namespace gradus {

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kFloat32;
  Shape shape;
  std::uint64_t begin = 0;  // bytes from the start of the data
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

// `text` is the header alone. Entries come back in the order of their data, checked: every entry
// has as many bytes as its type and shape need, and together they cover [0, data_bytes) exactly
// once. Throws Error (kInvalidFile): "<where>: ...".
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> text,
                                           std::uint64_t data_bytes, const std::string& where);

// JSON with sorted keys: equal headers give equal text.
// Throws Error (kInvalidArgument) if a name or metadata text is not UTF-8.
std::string safetensors_header_text(const SafetensorsHeader& header, const std::string& where);

}  // namespace gradus
