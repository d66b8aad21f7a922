#include "gradus/cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace gradus {

Console::Console(Mode mode)
    : mode_(mode),
      terminal_(::isatty(STDERR_FILENO) == 1),
      last_progress_(std::chrono::steady_clock::now() - std::chrono::hours(1)) {}

void Console::line(const std::string& text) {
  if (mode_ != Mode::kText) return;
  clear_progress();
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void Console::result(const std::string& event, const Fields& fields, const std::string& text) {
  if (mode_ != Mode::kJson) {
    if (!text.empty()) line(text);
    return;
  }
  std::string json = "{\"event\": " + json_text(event);
  for (const auto& [key, value] : fields) json += ", " + json_text(key) + ": " + value;
  fmt::print("{}}}\n", json);
  std::fflush(stdout);
}

void Console::progress(const std::string& text, bool last) {
  if (mode_ != Mode::kText) return;
  if (terminal_) {
    const std::size_t padding = progress_width_ > text.size() ? progress_width_ - text.size() : 0;
    fmt::print(stderr, "\r{}{}{}", text, std::string(padding, ' '), last ? "\n" : "");
    progress_width_ = last ? 0 : text.size();
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!last && now - last_progress_ < std::chrono::seconds(10)) return;
  last_progress_ = now;
  fmt::print(stderr, "{}\n", text);
}

void Console::clear_progress() {
  if (terminal_ && progress_width_ > 0)
    fmt::print(stderr, "\r{}\r", std::string(progress_width_, ' '));
  progress_width_ = 0;
}

std::string json_text(const std::string& text) {
  // A name from a file may hold broken UTF-8: replaced, never thrown.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string json_number(std::int64_t value) { return std::to_string(value); }

std::string format_bytes(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  return fmt::format("{:.2f} MB", bytes / 1e6);
}

std::string format_seconds(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace gradus
