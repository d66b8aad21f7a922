#include "gradus/cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gradus {

std::string accuracy_text(double top1, std::int64_t images) {
  return fmt::format("{:.2f} % ({} of {})", 100.0 * top1,
                     std::llround(top1 * static_cast<double>(images)), images);
}

Rate::Rate(Console& console, std::string what)
    : console_(console), what_(std::move(what)), start_(std::chrono::steady_clock::now()) {}

double Rate::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Rate::operator()(std::int64_t done, std::int64_t total) {
  const double rate = static_cast<double>(done) / std::max(seconds(), 1e-9);
  const double left = rate > 0 ? static_cast<double>(total - done) / rate : 0.0;
  console_.progress(fmt::format("{} {}/{}, {:.0f} images/s, {} left", what_, done, total, rate,
                                format_seconds(left)),
                    done == total);
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace gradus
