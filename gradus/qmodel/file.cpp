#include "gradus/qmodel/file.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "gradus/base/check.h"
#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/qmodel/flat.h"
#include "gradus/qmodel/limits.h"

namespace gradus {
namespace {

// FlatBuffers reads in place: both it and the header are little-endian.
static_assert(std::endian::native == std::endian::little);

constexpr std::array<char, 4> kMagic = {'G', 'R', 'D', 'S'};
constexpr std::uint32_t kFormatVersion = 1;

struct Header {
  std::array<char, 4> magic = kMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t crc = 0;     // of the body
  std::uint32_t length = 0;  // of the body
};
static_assert(sizeof(Header) == 16);

[[noreturn]] void refuse(const std::string& where, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, where + ": " + text);
}

// The body, whole and undamaged.
std::span<const std::byte> body_of(std::span<const std::byte> bytes, const std::string& where) {
  Header header;
  if (bytes.size() < sizeof header) {
    refuse(where, "is " + std::to_string(bytes.size()) + " bytes; expected a model.gradus");
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic) refuse(where, "is no model.gradus: it does not begin with 'GRDS'");
  if (header.version != kFormatVersion) {
    refuse(where, "has format version " + std::to_string(header.version) + "; expected " +
                      std::to_string(kFormatVersion) +
                      (header.version > kFormatVersion
                           ? ": it was written by a newer gradus, update this one"
                           : ": convert the model again with this gradus"));
  }
  const auto body = bytes.subspan(sizeof header);
  if (body.size() != header.length) {
    refuse(where, "has " + std::to_string(body.size()) + " bytes after its header; expected " +
                      std::to_string(header.length) + ": it was cut off or added to");
  }
  if (crc32(body) != header.crc) {
    refuse(where, "does not match its checksum: it is damaged, copy or convert it again");
  }
  return body;
}

}  // namespace

std::vector<std::byte> serialize(const QModel& model) {
  validate(model, "model to be written");
  const auto body = write_flat(model);
  check(body.size() <= static_cast<std::size_t>(limits::kFileBytes), "model file too large");
  Header header;
  header.crc = crc32(body);
  header.length = static_cast<std::uint32_t>(body.size());
  std::vector<std::byte> bytes(sizeof header + body.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, body.data(), body.size());
  return bytes;
}

QModel parse_model(std::span<const std::byte> bytes, const std::string& where) {
  auto body = body_of(bytes, where);
  std::vector<std::byte> aligned;
  if (reinterpret_cast<std::uintptr_t>(body.data()) % alignof(double) != 0) {
    aligned.assign(body.begin(), body.end());
    body = aligned;
  }
  QModel model = read_flat(body, where);
  validate(model, where);
  return model;
}

void save_model(const QModel& model, const std::string& path) {
  write_file_atomically(path, serialize(model));
}

QModel load_model(const std::string& path) {
  return parse_model(read_file(path, static_cast<std::uint64_t>(limits::kFileBytes)), path);
}

}  // namespace gradus
