// How numbers are told to people, the same in every command.
#pragma once

#include <cstdint>
#include <string>

#include "gradus/cli/console.h"

namespace gradus {

// "91.73 % (9173 of 10000)"
std::string accuracy_text(double top1, std::int64_t images);
// A progress line: "evaluate 1200/10000, 850 images/s, 0:10 left"
class Rate {
 public:
  Rate(Console& console, std::string what);
  void operator()(std::int64_t done, std::int64_t total);
  double seconds() const;

 private:
  Console& console_;
  std::string what_;
  std::chrono::steady_clock::time_point start_;
};

// Columns padded to their widest cell; the first column is aligned left, the others right.
std::string table_text(const std::vector<std::vector<std::string>>& rows);

}  // namespace gradus
