// Deflated bytes (zlib), read piece by piece into memory that the caller has bounded.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct z_stream_s;

namespace gradus {

enum class DeflateFormat {
  kGzip,  // RFC 1952, one or more members
  kRaw,   // RFC 1951, as in a zip
};

class Inflater {
 public:
  // `compressed` must outlive the inflater; `where` begins its messages.
  Inflater(std::span<const std::byte> compressed, DeflateFormat format, std::string where);
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater();

  // Fills `out`; returns the number of bytes written, fewer than asked only at the stream's end.
  // Throws Error (kInvalidFile) if the stream is damaged, cut short or followed by something else.
  std::size_t read(std::span<std::byte> out);

 private:
  void feed();
  void end_member();
  [[noreturn]] void refuse(const std::string& what) const;

  std::span<const std::byte> rest_;
  DeflateFormat format_;
  std::string where_;
  std::unique_ptr<z_stream_s> stream_;
  bool ended_ = false;
};

// Whether `file` begins as gzip does.
bool is_gzip(std::span<const std::byte> file);

}  // namespace gradus
