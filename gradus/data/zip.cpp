#include "gradus/data/zip.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/data/inflate.h"
#include "gradus/data/limits.h"

namespace gradus {
namespace {

constexpr std::uint64_t kLocalHeader = 0x04034b50;
constexpr std::uint64_t kDirectoryEntry = 0x02014b50;
constexpr std::uint64_t kDirectoryEnd = 0x06054b50;
constexpr std::uint64_t kZip64Locator = 0x07064b50;
constexpr std::uint64_t kZip64End = 0x06064b50;

constexpr std::size_t kLocalHeaderBytes = 30;
constexpr std::size_t kDirectoryEntryBytes = 46;
constexpr std::size_t kDirectoryEndBytes = 22;
constexpr std::size_t kZip64LocatorBytes = 20;
constexpr std::size_t kMaxComment = 65535;

// What a 32-bit or 16-bit field holds when the truth is in a zip64 field.
constexpr std::uint64_t kElsewhere32 = 0xffffffff;
constexpr std::uint64_t kElsewhere16 = 0xffff;

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i - 1]);
  }
  return value;
}

std::string printable(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return name.size() > 100 ? name.substr(0, 100) + "..." : name;
}

}  // namespace

ZipFile::ZipFile(std::span<const std::byte> file, std::string where)
    : file_(file), where_(std::move(where)) {
  read_directory(find_directory());
}

void ZipFile::refuse(const std::string& what) const {
  throw Error(ErrorCode::kInvalidFile, where_ + ": " + what + "; get the file again");
}

std::uint64_t ZipFile::number(std::uint64_t at, std::size_t bytes) const {
  if (at > file_.size() || bytes > file_.size() - at) refuse("the zip archive is damaged");
  return little_endian(file_.subspan(static_cast<std::size_t>(at), bytes));
}

// The end-of-directory record is the last thing of the file but for a comment.
ZipFile::Directory ZipFile::find_directory() const {
  if (file_.size() < kDirectoryEndBytes) refuse("is no zip archive");
  const std::size_t last = file_.size() - kDirectoryEndBytes;
  for (std::size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    const std::size_t end = last - back;
    if (number(end, 4) != kDirectoryEnd || number(end + 20, 2) != back) continue;
    const Directory directory{number(end + 16, 4), number(end + 10, 2)};
    const bool elsewhere = directory.begin == kElsewhere32 || directory.entries == kElsewhere16;
    if (elsewhere) return read_zip64(end);
    if (number(end + 4, 2) != 0 || number(end + 8, 2) != directory.entries) {
      refuse("is a zip archive in several parts");
    }
    return directory;
  }
  refuse("is no whole zip archive: it has no directory at its end");
}

ZipFile::Directory ZipFile::read_zip64(std::size_t end) const {
  if (end < kZip64LocatorBytes || number(end - kZip64LocatorBytes, 4) != kZip64Locator) {
    refuse("the zip archive is damaged");
  }
  const std::uint64_t record = number(end - kZip64LocatorBytes + 8, 8);
  if (number(record, 4) != kZip64End) refuse("the zip archive is damaged");
  return {number(record + 48, 8), number(record + 32, 8)};
}

void ZipFile::read_directory(const Directory& directory) {
  if (directory.entries > kMaxZipEntries) {
    refuse("holds " + std::to_string(directory.entries) + " entries; expected at most " +
           std::to_string(kMaxZipEntries));
  }
  std::uint64_t at = directory.begin;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    entries_.push_back(read_entry(&at));
    if (!names.insert(entries_.back().name).second) {
      refuse("holds two entries '" + printable(entries_.back().name) + "'");
    }
  }
}

ZipEntry ZipFile::read_entry(std::uint64_t* at) const {
  if (number(*at, 4) != kDirectoryEntry) refuse("the zip archive's directory is damaged");
  const std::uint64_t flags = number(*at + 8, 2);
  const std::uint64_t method = number(*at + 10, 2);
  const std::uint64_t name_bytes = number(*at + 28, 2);
  const std::uint64_t extra_bytes = number(*at + 30, 2);
  const std::uint64_t comment_bytes = number(*at + 32, 2);
  const std::uint64_t name_at = *at + kDirectoryEntryBytes;
  if (name_bytes > kMaxZipNameBytes) refuse("an entry's name is longer than 1024 bytes");
  number(name_at + name_bytes + extra_bytes, 0);  // the name and the extra field are there
  ZipEntry entry;
  const auto name = file_.subspan(static_cast<std::size_t>(name_at), name_bytes);
  entry.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  if ((flags & 1) != 0) refuse("the entry '" + printable(entry.name) + "' is encrypted");
  if (method != 0 && method != 8) {
    refuse("the entry '" + printable(entry.name) + "' is packed by method " +
           std::to_string(method) + "; expected stored or deflated");
  }
  entry.deflated = method == 8;
  entry.checksum = static_cast<std::uint32_t>(number(*at + 16, 4));
  entry.packed_bytes = number(*at + 20, 4);
  entry.bytes = number(*at + 24, 4);
  entry.header = number(*at + 42, 4);
  const auto extra_at = static_cast<std::size_t>(name_at + name_bytes);
  read_zip64_extra(file_.subspan(extra_at, static_cast<std::size_t>(extra_bytes)), &entry);
  *at = extra_at + extra_bytes + comment_bytes;
  return entry;
}

// The zip64 field holds, in this order, those of the three numbers that did not fit.
void ZipFile::read_zip64_extra(std::span<const std::byte> extra, ZipEntry* entry) const {
  while (extra.size() >= 4) {
    const std::uint64_t kind = little_endian(extra.first(2));
    const auto size = static_cast<std::size_t>(little_endian(extra.subspan(2, 2)));
    if (size > extra.size() - 4) refuse("the zip archive's directory is damaged");
    std::span<const std::byte> field = extra.subspan(4, size);
    extra = extra.subspan(4 + size);
    if (kind != 1) continue;
    for (std::uint64_t* value : {&entry->bytes, &entry->packed_bytes, &entry->header}) {
      if (*value != kElsewhere32) continue;
      if (field.size() < 8) refuse("the zip archive's directory is damaged");
      *value = little_endian(field.first(8));
      field = field.subspan(8);
    }
  }
}

void ZipFile::check_sizes(const ZipEntry& entry) const {
  const bool possible = entry.deflated ? can_inflate_to(entry.packed_bytes, entry.bytes)
                                       : entry.packed_bytes == entry.bytes;
  if (possible && entry.bytes <= kMaxArrayBytes) return;
  refuse("the entry '" + printable(entry.name) + "' says that its " +
         std::to_string(entry.packed_bytes) + " bytes hold " + std::to_string(entry.bytes) +
         "; expected at most 4 GiB and no more than " +
         (entry.deflated ? "deflate can pack" : "is stored"));
}

// The bytes as they lie in the file.
std::span<const std::byte> ZipFile::packed(const ZipEntry& entry) const {
  const std::string damaged = "the entry '" + printable(entry.name) + "' is damaged";
  if (number(entry.header, 4) != kLocalHeader) refuse(damaged);
  const std::uint64_t name_bytes = number(entry.header + 26, 2);
  const std::uint64_t name_at = entry.header + kLocalHeaderBytes;
  const std::uint64_t begin = name_at + name_bytes + number(entry.header + 28, 2);
  number(begin, 0);
  const auto name = file_.subspan(static_cast<std::size_t>(name_at), name_bytes);
  const auto expected = std::as_bytes(std::span(entry.name));
  if (!std::equal(name.begin(), name.end(), expected.begin(), expected.end())) refuse(damaged);
  if (entry.packed_bytes > file_.size() - begin) refuse(damaged);
  return file_.subspan(static_cast<std::size_t>(begin),
                       static_cast<std::size_t>(entry.packed_bytes));
}

std::vector<std::byte> ZipFile::content(const ZipEntry& entry) const {
  check_sizes(entry);
  const std::span<const std::byte> from = packed(entry);
  std::vector<std::byte> bytes;
  if (entry.deflated) {
    bytes.resize(static_cast<std::size_t>(entry.bytes));
    Inflater inflater(from, DeflateFormat::kRaw,
                      where_ + ": the entry '" + printable(entry.name) + "'");
    std::array<std::byte, 1> more{};
    if (inflater.read(bytes) != bytes.size() || inflater.read(more) != 0) {
      refuse("the entry '" + printable(entry.name) + "' holds another number of bytes than " +
             std::to_string(entry.bytes));
    }
  } else {
    bytes.assign(from.begin(), from.end());
  }
  if (crc32(bytes) != entry.checksum) {
    refuse("the entry '" + printable(entry.name) + "' is damaged: its checksum differs");
  }
  return bytes;
}

}  // namespace gradus
