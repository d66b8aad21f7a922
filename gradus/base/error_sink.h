// Where work on many things, each of which may be wrong, leaves its errors: the first one ends the
// work, or all of them are kept and the work goes on.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gradus/base/error.h"

namespace gradus {

class ErrorSink {
 public:
  // Errors pass through.
  ErrorSink() = default;
  // Errors are kept there, each text once.
  explicit ErrorSink(std::vector<Error>& kept) : kept_(&kept) {}

  bool keeps() const noexcept { return kept_ != nullptr; }
  void tell(const Error& error) {
    if (kept_ == nullptr) throw error;
    if (told_.insert(error.what()).second) kept_->push_back(error);
  }
  // Whether `work` came to its end. It must change nothing where it throws Error.
  template <typename Work>
  bool attempt(Work&& work) {
    try {
      std::forward<Work>(work)();
      return true;
    } catch (const Error& error) {
      tell(error);
      return false;
    }
  }

 private:
  std::vector<Error>* kept_ = nullptr;
  std::set<std::string> told_;
};

}  // namespace gradus
