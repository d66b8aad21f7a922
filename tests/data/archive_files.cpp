#include "tests/data/archive_files.h"

#include <zlib.h>

namespace gradus {
namespace {

// `window` as zlib's deflateInit2 takes it.
std::string deflated(const std::string& content, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string number(std::uint64_t value, int bytes) { return little_endian_bytes(value, bytes); }

}  // namespace

std::string little_endian_bytes(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string big_endian_bytes(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string gzip(const std::string& content) { return deflated(content, 15 + 16); }

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string file("\0\0\x08", 3);
  file += static_cast<char>(shape.size());
  for (const std::uint32_t dimension : shape) file += big_endian_bytes(dimension, 4);
  return file + values;
}

std::string npy_with_header(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\0", 8) + number(header.size(), 2) + header + data;
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  return npy_with_header(
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n", data);
}

std::string zip(const std::vector<ZipMember>& members, bool zip64, const std::string& comment) {
  std::string file;
  std::string directory;
  for (const ZipMember& member : members) {
    const std::string packed = member.deflated ? deflated(member.content, -15) : member.content;
    const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(member.content.data()),
                             static_cast<uInt>(member.content.size()));
    const std::uint64_t bytes =
        member.claimed_bytes.empty() ? member.content.size() : member.claimed_bytes[0];
    const std::string common =
        number(20, 2) + number(0, 2) + number(member.deflated ? 8 : 0, 2) + number(0, 4) +
        number(sum, 4) + number(zip64 ? 0xffffffff : packed.size(), 4) +
        number(zip64 ? 0xffffffff : bytes, 4) + number(member.name.size(), 2);
    const std::string sizes =
        number(1, 2) + number(16, 2) + number(bytes, 8) + number(packed.size(), 8);
    const std::string all = number(1, 2) + number(24, 2) + number(bytes, 8) +
                            number(packed.size(), 8) + number(file.size(), 8);
    directory += number(0x02014b50, 4) + number(20, 2) + common +
                 number(zip64 ? all.size() : 0, 2) + number(0, 2) + number(0, 2) + number(0, 2) +
                 number(0, 4) + number(zip64 ? 0xffffffff : file.size(), 4) + member.name +
                 (zip64 ? all : "");
    file += number(0x04034b50, 4) + common + number(zip64 ? sizes.size() : 0, 2) + member.name +
            (zip64 ? sizes : "") + packed;
  }
  const std::uint64_t begin = file.size();
  file += directory;
  if (zip64) {
    const std::uint64_t record = file.size();
    file += number(0x06064b50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 4) +
            number(0, 4) + number(members.size(), 8) + number(members.size(), 8) +
            number(directory.size(), 8) + number(begin, 8);
    file += number(0x07064b50, 4) + number(0, 4) + number(record, 8) + number(1, 4);
  }
  const std::uint64_t count = zip64 ? 0xffff : members.size();
  return file + number(0x06054b50, 4) + number(0, 2) + number(0, 2) + number(count, 2) +
         number(count, 2) + number(zip64 ? 0xffffffff : directory.size(), 4) +
         number(zip64 ? 0xffffffff : begin, 4) + number(comment.size(), 2) + comment;
}

}  // namespace gradus
