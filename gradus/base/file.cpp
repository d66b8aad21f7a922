#include "gradus/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "gradus/base/error.h"

namespace gradus {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

std::string reason() { return std::strerror(errno); }

// Opens a regular file for reading. O_NONBLOCK: a FIFO must not hang the program.
int open_or_throw(const std::string& path, std::uint64_t* size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw Error(ErrorCode::kNotFound, path + ": cannot be opened: " + reason());
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    throw Error(ErrorCode::kNotFound, path + ": is not a file; expected a regular file");
  }
  *size = static_cast<std::uint64_t>(info.st_size);
  return fd;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

[[noreturn]] void throw_unwritten(const std::string& path) {
  throw Error(ErrorCode::kFailed,
              path + ": cannot be written: " + reason() + "; what stood there before is untouched");
}

void write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_unwritten(path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// A rename would replace a device (/dev/null, with the rights to do so) by a plain file.
void refuse_special(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    throw Error(ErrorCode::kInvalidArgument,
                path + ": is a folder or a device; expected the name of a file to write");
  }
}

bool same_file(int fd, const std::string& path) {
  struct stat mine{};
  struct stat named{};
  return ::fstat(fd, &mine) == 0 && ::stat(path.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

// Opens `temporary`, empty and locked by us alone. The system drops the lock of a program that
// dies, so that what it left is taken over; a name with the process in it would stay on disk for
// ever.
int open_temporary(const std::string& temporary, const std::string& path) {
  while (true) {
    const int fd =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd < 0) {
      if (errno == ENOSPC || errno == EDQUOT || errno == EMFILE || errno == EIO) {
        throw_unwritten(path);
      }
      throw Error(ErrorCode::kNotFound, path + ": cannot be created: " + reason());
    }
    while (::flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (same_file(fd, temporary)) {
      if (::ftruncate(fd, 0) == 0) return fd;
      ::close(fd);
      throw_unwritten(path);
    }
    ::close(fd);  // another writer has renamed it into place meanwhile
  }
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path, std::uint64_t max_bytes) {
  std::uint64_t size = 0;
  Descriptor file(open_or_throw(path, &size));
  if (size > max_bytes) {
    throw Error(ErrorCode::kInvalidFile, path + ": is " + std::to_string(size) +
                                             " bytes; expected at most " +
                                             std::to_string(max_bytes));
  }
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(ErrorCode::kNotFound, path + ": cannot be read: " + reason());
    if (got == 0) break;  // it shrank while being read
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
  const auto bytes = read_file(path, max_bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

MappedFile::MappedFile(const std::string& path) {
  std::uint64_t size = 0;
  Descriptor file(open_or_throw(path, &size));
  if (size == 0) return;
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) {
    throw Error(ErrorCode::kNotFound, path + ": cannot be mapped: " + reason());
  }
  data_ = static_cast<const std::byte*>(address);
  size_ = size;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void write_file_atomically(const std::string& path,
                           const std::function<void(const FileSink&)>& write) {
  refuse_special(path);
  const std::string temporary = path + ".tmp";
  Descriptor file(open_temporary(temporary, path));
  try {
    write([&](std::span<const std::byte> bytes) { write_all(file.get(), bytes, path); });
    if (::fsync(file.get()) != 0) throw_unwritten(path);
    // Renamed while it is locked: a writer that waits sees another file under the name, and
    // retries.
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_unwritten(path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  // The rename itself lasts only once the folder is on disk.
  Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  write_file_atomically(path, [&](const FileSink& sink) { sink(bytes); });
}

void write_file_atomically(const std::string& path, const std::string& text) {
  write_file_atomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace gradus
