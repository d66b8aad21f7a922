#include "gradus/data/idx.h"

#include <array>
#include <cstring>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/inflate.h"
#include "gradus/data/limits.h"

namespace gradus {
namespace {

constexpr int kUnsignedByte = 0x08;

// The file's bytes in order, inflated where it is gzipped.
class Source {
 public:
  Source(std::span<const std::byte> file, const std::string& path) : file_(file) {
    if (is_gzip(file)) inflater_ = std::make_unique<Inflater>(file, DeflateFormat::kGzip, path);
  }

  std::size_t read(std::span<std::byte> out) {
    if (inflater_) return inflater_->read(out);
    const std::size_t count = std::min(out.size(), file_.size());
    std::copy_n(file_.begin(), count, out.begin());
    file_ = file_.subspan(count);
    return count;
  }
  // Whether the file can hold so many more bytes, without reading them.
  bool may_hold(std::uint64_t bytes) const {
    return inflater_ ? can_inflate_to(file_.size(), bytes) : bytes == file_.size();
  }

 private:
  std::span<const std::byte> file_;
  std::unique_ptr<Inflater> inflater_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kInvalidFile, path + ": " + what);
}

void check_magic(std::span<const std::byte> magic, std::size_t rank, const std::string& path) {
  const auto at = [&](std::size_t i) { return std::to_integer<int>(magic[i]); };
  if (at(0) != 0 || at(1) != 0) refuse(path, "is no IDX file; expected it to begin with two zeros");
  if (at(2) != kUnsignedByte) {
    refuse(path,
           "holds elements of IDX type " + std::to_string(at(2)) + "; expected 8, unsigned bytes");
  }
  if (static_cast<std::size_t>(at(3)) != rank) {
    refuse(path, "has " + std::to_string(at(3)) + " dimensions; expected " + std::to_string(rank) +
                     (rank == 1 ? ", labels" : ", pictures by height by width"));
  }
}

Shape read_shape(Source& source, std::size_t rank, const std::string& path) {
  Shape shape;
  for (std::size_t i = 0; i < rank; ++i) {
    std::array<std::byte, 4> bytes{};
    if (source.read(bytes) != bytes.size()) refuse(path, "ends inside its header");
    std::int64_t number = 0;
    for (std::byte byte : bytes) number = number * 256 + std::to_integer<std::int64_t>(byte);
    shape.push_back(number);
  }
  return shape;
}

}  // namespace

IdxArray load_idx(const std::string& path, std::size_t rank) {
  const MappedFile file(path);
  if (file.bytes().size() > kMaxArrayBytes) refuse(path, "is larger than 4 GiB");
  Source source(file.bytes(), path);
  std::array<std::byte, 4> magic{};
  if (source.read(magic) != magic.size()) refuse(path, "is no IDX file: it ends after its start");
  check_magic(magic, rank, path);
  IdxArray array{read_shape(source, rank, path), {}};
  const std::optional<std::int64_t> count = element_count(array.shape);
  if (!count || *count < 1 || !source.may_hold(static_cast<std::uint64_t>(*count))) {
    refuse(path, "says that it holds " + to_string(array.shape) + " bytes, which a file of " +
                     std::to_string(file.bytes().size()) + " bytes does not; get the file again");
  }
  array.values.resize(static_cast<std::size_t>(*count));
  const std::size_t found = source.read(std::as_writable_bytes(std::span(array.values)));
  std::array<std::byte, 1> more{};
  if (found != array.values.size() || source.read(more) != 0) {
    refuse(path, std::string("holds ") + (found != array.values.size() ? "fewer" : "more") +
                     " bytes than its dimensions " + to_string(array.shape) +
                     " say; get the file again");
  }
  return array;
}

}  // namespace gradus
