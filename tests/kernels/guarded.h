// Memory whose last (or first) byte lies at a page that may not be touched: it catches reads and
// writes past the end also where no sanitizer looks, as in inline assembly.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "gradus/base/check.h"

namespace gradus::kernels {

class Guarded {
 public:
  enum class Side { kEnd, kBegin };  // where the bytes touch a forbidden page

  // Zeroed. Aligned as the number of bytes is (kEnd), or to a page (kBegin).
  explicit Guarded(std::size_t bytes, Side side = Side::kEnd) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t body = (bytes + page - 1) / page * page;
    size_ = body + 2 * page;
    void* whole = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(whole != MAP_FAILED, "mmap");
    whole_ = static_cast<std::byte*>(whole);
    check(mprotect(whole_, page, PROT_NONE) == 0, "mprotect");
    check(mprotect(whole_ + page + body, page, PROT_NONE) == 0, "mprotect");
    data_ = side == Side::kBegin ? whole_ + page : whole_ + page + body - bytes;
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(whole_, size_); }

  template <typename T = std::byte>
  T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::size_t size_ = 0;
  std::byte* whole_ = nullptr;
  std::byte* data_ = nullptr;
};

}  // namespace gradus::kernels
