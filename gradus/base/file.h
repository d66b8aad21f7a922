// Files: bounded reading, reading through a mapping, and writing whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace gradus {

// The whole file. Throws Error: kNotFound if it cannot be opened or is no regular file,
// kInvalidFile if it is larger than `max_bytes`.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes);
std::string read_text_file(const std::string& path, std::uint64_t max_bytes);

// A read-only mapping of a whole file; movable, unmapped on destruction.
class MappedFile {
 public:
  MappedFile() = default;
  // Throws Error (kNotFound) if it cannot be opened or is no regular file.
  explicit MappedFile(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Writes a file whole or not at all: to `path`.tmp, fsync, rename, fsync of the folder. `write` is
// called with a sink; what it throws leaves `path` as it was and no temporary. A program that is
// killed leaves at most `path`.tmp, which the next write of `path` takes over; two writers of one
// path, threads or programs, wait for each other.
// Throws Error: kFailed if the disk is full or a write fails, kNotFound if the folder is missing,
// kInvalidArgument if `path` is there and no regular file.
using FileSink = std::function<void(std::span<const std::byte>)>;
void write_file_atomically(const std::string& path,
                           const std::function<void(const FileSink&)>& write);
void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string& path, const std::string& text);

}  // namespace gradus
