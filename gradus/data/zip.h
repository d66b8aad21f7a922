// Zip archives, for reading (PKWARE APPNOTE 6.3.10, with zip64, which numpy.savez writes): entries
// stored or deflated, neither encrypted nor in several parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradus {

struct ZipEntry {
  std::string name;
  bool deflated = false;
  std::uint32_t checksum = 0;  // CRC-32 of the content
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t header = 0;  // where its local header begins
};

class ZipFile {
 public:
  // `file` must outlive it. Reads the directory. Throws Error (kInvalidFile), starting with
  // `where`, if there is none or it is damaged, encrypted or larger than limits.h allows.
  ZipFile(std::span<const std::byte> file, std::string where);

  const std::vector<ZipEntry>& entries() const noexcept { return entries_; }

  // The entry's content, its checksum compared. Throws Error (kInvalidFile) naming the entry if it
  // is damaged or is another size than the directory says.
  std::vector<std::byte> content(const ZipEntry& entry) const;

 private:
  struct Directory {
    std::uint64_t begin = 0;
    std::uint64_t entries = 0;
  };
  Directory find_directory() const;
  Directory read_zip64(std::size_t end) const;
  void read_directory(const Directory& directory);
  ZipEntry read_entry(std::uint64_t* at) const;
  void read_zip64_extra(std::span<const std::byte> extra, ZipEntry* entry) const;
  void check_sizes(const ZipEntry& entry) const;
  std::span<const std::byte> packed(const ZipEntry& entry) const;
  std::uint64_t number(std::uint64_t at, std::size_t bytes) const;
  [[noreturn]] void refuse(const std::string& what) const;

  std::span<const std::byte> file_;
  std::string where_;
  std::vector<ZipEntry> entries_;
};

}  // namespace gradus
