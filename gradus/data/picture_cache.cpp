#include "gradus/data/picture_cache.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/base/thread_pool.h"
#include "gradus/data/limits.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

// The file: kStart, the key, the pictures' bytes one after the other, and a table of one entry a
// picture: where it begins, its width, height and channels, its CRC-32; then the table's place, the
// number of pictures and the table's own CRC-32. All numbers 64 bits, little-endian.
constexpr std::uint64_t kStart = 0x3153434944415247;  // "GRADICS1"
constexpr std::size_t kStartBytes = 16;
constexpr std::size_t kEntryNumbers = 5;
constexpr std::size_t kEntryBytes = kEntryNumbers * 8;
constexpr std::size_t kEndBytes = 24;

// Pictures that are made before they are written; bounds the memory that making takes.
constexpr std::int64_t kPictureGroup = 64;

void put(std::vector<std::byte>& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<std::byte>(number >> shift & 0xff));
  }
}

std::uint64_t get(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i > 0; --i) {
    number = number << 8 | std::to_integer<std::uint64_t>(bytes[at + i - 1]);
  }
  return number;
}

Picture copy_of(const PictureView& view) {
  Picture copy{view.width, view.height, view.channels, {}};
  for (int y = 0; y < view.height; ++y) {
    copy.bytes.insert(copy.bytes.end(), view.row(y), view.row(y) + view.width * view.channels);
  }
  return copy;
}

class MemoryCache : public PictureCache {
 public:
  MemoryCache(std::int64_t count, MakePicture make)
      : make_(std::move(make)), slots_(static_cast<std::size_t>(count)) {}
  ~MemoryCache() override {
    for (auto& slot : slots_) delete slot.load();
  }

  PictureView load(std::int64_t index, Picture& scratch) const override {
    std::atomic<const Picture*>& slot = slots_[static_cast<std::size_t>(index)];
    if (const Picture* kept = slot.load(std::memory_order_acquire)) return kept->view();
    const PictureView made = make_(index, scratch);
    const auto bytes = static_cast<std::uint64_t>(made.width) *
                       static_cast<std::uint64_t>(made.height * made.channels);
    if (bytes_.fetch_add(bytes) + bytes > kMaxMemoryCacheBytes) {
      bytes_.fetch_sub(bytes);
      return made;
    }
    auto copy = std::make_unique<const Picture>(copy_of(made));
    const Picture* none = nullptr;
    // Another thread may have been first; its picture is the same.
    if (slot.compare_exchange_strong(none, copy.get(), std::memory_order_acq_rel)) {
      return copy.release()->view();
    }
    bytes_.fetch_sub(bytes);
    return none->view();
  }

 private:
  MakePicture make_;
  mutable std::vector<std::atomic<const Picture*>> slots_;
  mutable std::atomic<std::uint64_t> bytes_ = 0;
};

class FileCache : public PictureCache {
 public:
  // Null if the file is not what it should be.
  static std::unique_ptr<FileCache> open(const std::string& path, std::int64_t count,
                                         std::uint64_t key) {
    auto cache = std::unique_ptr<FileCache>(new FileCache(path));
    return cache->is_whole(static_cast<std::uint64_t>(count), key) ? std::move(cache) : nullptr;
  }

  PictureView load(std::int64_t index, Picture&) const override {
    const std::size_t entry = table_ + static_cast<std::size_t>(index) * kEntryBytes;
    const auto bytes = file_.bytes();
    PictureView view;
    view.width = static_cast<int>(get(bytes, entry + 8));
    view.height = static_cast<int>(get(bytes, entry + 16));
    view.channels = static_cast<int>(get(bytes, entry + 24));
    view.row_stride = std::ptrdiff_t{view.width} * view.channels;
    const auto pixels = bytes.subspan(static_cast<std::size_t>(get(bytes, entry)),
                                      static_cast<std::size_t>(view.row_stride * view.height));
    if (crc32(pixels) != get(bytes, entry + 32)) {
      throw Error(ErrorCode::kInvalidFile, path_ + ": picture " + std::to_string(index) +
                                               " is damaged; delete the file and run again");
    }
    view.data = reinterpret_cast<const std::uint8_t*>(pixels.data());
    return view;
  }

 private:
  explicit FileCache(const std::string& path) : path_(path), file_(path) {}

  bool is_whole(std::uint64_t count, std::uint64_t key) {
    const auto bytes = file_.bytes();
    if (bytes.size() < kStartBytes + kEndBytes || get(bytes, 0) != kStart || get(bytes, 8) != key) {
      return false;
    }
    const std::size_t end = bytes.size() - kEndBytes;
    const std::uint64_t table = get(bytes, end);
    if (get(bytes, end + 8) != count || table < kStartBytes || table > end ||
        count != (end - table) / kEntryBytes || (end - table) % kEntryBytes != 0) {
      return false;
    }
    table_ = static_cast<std::size_t>(table);
    if (crc32(bytes.subspan(table_, end - table_)) != get(bytes, end + 16)) return false;
    for (std::size_t at = table_; at < end; at += kEntryBytes) {
      if (!is_inside(bytes, at)) return false;
    }
    return true;
  }

  bool is_inside(std::span<const std::byte> bytes, std::size_t entry) const {
    const std::uint64_t begin = get(bytes, entry);
    const std::uint64_t width = get(bytes, entry + 8);
    const std::uint64_t height = get(bytes, entry + 16);
    const std::uint64_t channels = get(bytes, entry + 24);
    const bool sane = width >= 1 && width <= kMaxPictureSide && height >= 1 &&
                      height <= kMaxPictureSide && channels >= 1 && channels <= 4;
    return sane && begin >= kStartBytes && begin <= table_ &&
           width * height * channels <= table_ - begin;
  }

  std::string path_;
  MappedFile file_;
  std::size_t table_ = 0;
};

class FileWriter {
 public:
  FileWriter(const FileSink& sink, std::uint64_t key) : sink_(sink) {
    std::vector<std::byte> start;
    put(start, kStart);
    put(start, key);
    sink_(start);
  }

  void add(const Picture& picture, const std::string& path) {
    const auto bytes = std::as_bytes(std::span(picture.bytes));
    if (at_ + bytes.size() > kMaxDiskCacheBytes) {
      throw Error(ErrorCode::kInvalidArgument,
                  path + ": would be larger than " + std::to_string(kMaxDiskCacheBytes >> 30) +
                      " GiB; expected smaller pictures (resize, crop) or fewer (limit); or leave "
                      "out cache");
    }
    for (const std::uint64_t number :
         {at_, static_cast<std::uint64_t>(picture.width),
          static_cast<std::uint64_t>(picture.height), static_cast<std::uint64_t>(picture.channels),
          std::uint64_t{crc32(bytes)}}) {
      put(table_, number);
    }
    sink_(bytes);
    at_ += bytes.size();
  }

  void finish(std::int64_t count) {
    std::vector<std::byte> end;
    put(end, at_);
    put(end, static_cast<std::uint64_t>(count));
    put(end, crc32(table_));
    sink_(table_);
    sink_(end);
  }

 private:
  const FileSink& sink_;
  std::uint64_t at_ = kStartBytes;
  std::vector<std::byte> table_;
};

void write_cache(const std::string& path, std::int64_t count, std::uint64_t key,
                 const MakePicture& make) {
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
  ThreadPool pool(static_cast<int>(cores));
  write_file_atomically(path, [&](const FileSink& sink) {
    FileWriter writer(sink, key);
    for (std::int64_t first = 0; first < count; first += kPictureGroup) {
      std::vector<Picture> group(static_cast<std::size_t>(std::min(kPictureGroup, count - first)));
      pool.parallel_for(std::ssize(group), [&](int, std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          Picture scratch;
          group[static_cast<std::size_t>(i)] = copy_of(make(first + i, scratch));
        }
      });
      for (const Picture& picture : group) writer.add(picture, path);
    }
    writer.finish(count);
  });
}

std::string file_name(std::uint64_t key) {
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[(key >> shift) & 15];
  return name + ".pictures";
}

}  // namespace

std::unique_ptr<PictureCache> make_picture_cache(const std::string& where, std::int64_t count,
                                                 std::uint64_t key, MakePicture make) {
  if (where == "memory") return std::make_unique<MemoryCache>(count, std::move(make));
  std::error_code failure;
  fs::create_directories(where, failure);
  if (!fs::is_directory(where)) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": is no folder and cannot become one; expected cache=memory or a folder");
  }
  const std::string path = (fs::path(where) / file_name(key)).string();
  if (fs::is_regular_file(path, failure)) {
    if (auto cache = FileCache::open(path, count, key)) return cache;
  }
  write_cache(path, count, key, make);
  auto cache = FileCache::open(path, count, key);
  if (!cache) {
    throw Error(ErrorCode::kFailed, path +
                                        ": reads back otherwise than it was written; is the "
                                        "disk sound?");
  }
  return cache;
}

}  // namespace gradus
