#include "gradus/data/image_list.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/limits.h"

namespace gradus {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::optional<std::int64_t> parse_label(std::string_view text) {
  std::int64_t label = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), label);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if (label < 0 || label > kMaxLabel) return std::nullopt;
  return label;
}

struct Entry {
  std::string path;
  std::string label;
};

// What CSV has in quotes, in which a quote is written twice (RFC 4180, section 2).
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  const std::string_view inside = text.substr(1, text.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    plain += inside[i];
    if (inside.substr(i).starts_with("\"\"")) ++i;
  }
  return plain;
}

// Splits at the last comma if there is one, else at the last blank.
Entry split_entry(std::string_view line) {
  std::size_t cut = line.rfind(',');
  if (cut == std::string_view::npos) cut = line.find_last_of(kBlanks);
  if (cut == std::string_view::npos) return {std::string(line), {}};
  return {unquoted(trim(line.substr(0, cut))), unquoted(trim(line.substr(cut + 1)))};
}

// A message shows at most this much of a line.
std::string shown(std::string_view text) {
  std::string result(text.substr(0, 60));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + result + (text.size() > 60 ? "...'" : "'");
}

void check_path(std::string_view path, const std::string& where) {
  const std::filesystem::path parts(path);
  // Anywhere in it: behind a symbolic link, link/.. is another folder than the one before it.
  const bool leaves = std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (path.empty() || path.find('\0') != path.npos || parts.is_absolute() || leaves) {
    throw Error(ErrorCode::kInvalidFile, where + ": found the path " + shown(path) +
                                             "; expected one below the list's own folder");
  }
}

void add_line(ImageList& list, std::string_view line, bool first, const std::string& where) {
  const Entry entry = split_entry(line);
  const auto label = parse_label(entry.label);
  if (!label) {
    const bool header = first && !entry.label.empty() &&
                        entry.label.find_first_of("0123456789./") == entry.label.npos;
    if (header) return;
    throw Error(ErrorCode::kInvalidFile, where + ": found " + shown(line) +
                                             "; expected a path and a label from 0 to " +
                                             std::to_string(kMaxLabel));
  }
  check_path(entry.path, where);
  list.paths.emplace_back(entry.path);
  list.labels.push_back(*label);
  list.classes = std::max(list.classes, *label + 1);
}

}  // namespace

ImageList read_image_list(const std::string& file) {
  const std::string text = read_text_file(file, kMaxListBytes);
  std::string_view rest = text;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
  ImageList list;
  bool first = true;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line[0] == '#') continue;
    const std::string where = file + ":" + std::to_string(number);
    if (line.size() > kMaxListLineBytes) {
      throw Error(ErrorCode::kInvalidFile,
                  where + ": is " + std::to_string(line.size()) + " bytes; expected at most " +
                      std::to_string(kMaxListLineBytes) + ": a path and a label");
    }
    add_line(list, line, first, where);
    first = false;
  }
  if (list.paths.empty()) {
    throw Error(ErrorCode::kInvalidFile,
                file + ": holds no picture; expected lines of a path and a label");
  }
  return list;
}

}  // namespace gradus
