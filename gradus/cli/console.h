// What a command says: plain lines for people, JSON lines for programs (--json), or nothing
// (--quiet). Results go to standard output, progress and errors to standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradus {

class Console {
 public:
  enum class Mode { kText, kJson, kQuiet };
  explicit Console(Mode mode);

  Mode mode() const noexcept { return mode_; }

  // A line of text for people; nothing with --json or --quiet.
  void line(const std::string& text);
  // A result: `text` for people (empty: nothing, they read it elsewhere), {"event": event,
  // ...fields} as one JSON line for programs. Values of `fields` are JSON already (see json_text,
  // json_number).
  using Fields = std::vector<std::pair<std::string, std::string>>;
  void result(const std::string& event, const Fields& fields, const std::string& text);
  // The one progress line: rewritten in place on a terminal, else a new line at most every ten
  // seconds and at the end (`last`).
  void progress(const std::string& text, bool last = false);

 private:
  void clear_progress();

  Mode mode_;
  bool terminal_;
  std::size_t progress_width_ = 0;
  std::chrono::steady_clock::time_point last_progress_;
};

std::string json_text(const std::string& text);
std::string json_number(double value);
std::string json_number(std::int64_t value);

// "1.2 MB", "312 bytes" (powers of 1000)
std::string format_bytes(double bytes);
// "1:02:03", "4:05"
std::string format_seconds(double seconds);

}  // namespace gradus
