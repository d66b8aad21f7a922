// Files for tests: IDX, NumPy arrays, zip archives and gzip, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

// `value` in `bytes` bytes.
std::string little_endian_bytes(std::uint64_t value, int bytes);
std::string big_endian_bytes(std::uint64_t value, int bytes);

std::string gzip(const std::string& content);

// An IDX file of unsigned bytes.
std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values);

// A .npy: `header` is the dictionary, e.g. "{'descr': '|u1', ...}".
std::string npy_with_header(const std::string& header, const std::string& data);
// `type` as NumPy writes it, "<f4"; `shape` as Python does, "(2, 3)".
std::string npy(const std::string& type, const std::string& shape, const std::string& data);

struct ZipMember {
  std::string name;
  std::string content;
  bool deflated = false;
  // What the directory says instead of the truth, where not empty.
  std::vector<std::uint64_t> claimed_bytes{};
};
// `zip64` writes every size in zip64 fields, as numpy.savez does.
std::string zip(const std::vector<ZipMember>& members, bool zip64 = false,
                const std::string& comment = "");

}  // namespace gradus
