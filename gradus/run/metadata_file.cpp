#include "gradus/run/metadata_file.h"

#include <nlohmann/json.hpp>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/run/limits.h"

namespace gradus {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& path) {
  throw Error(ErrorCode::kInvalidFile,
              path + ": is no flat JSON object of texts; the file is damaged");
}

}  // namespace

void save_metadata(const std::map<std::string, std::string>& metadata, const std::string& path) {
  std::string text;
  try {
    text = json(metadata).dump(2) + "\n";
  } catch (const json::exception&) {
    throw Error(ErrorCode::kInvalidArgument, path + ": a text to be written is not UTF-8");
  }
  if (metadata.empty()) text = "{}\n";
  write_file_atomically(path, text);
}

std::map<std::string, std::string> load_metadata(const std::string& path) {
  const std::string text = read_text_file(path, kMaxMetadataBytes);
  // Depth is checked while parsing, so that nesting cannot grow before it is refused.
  const json parsed = json::parse(
      text,
      [&path](int depth, json::parse_event_t event, json&) {
        const bool opens =
            event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        if (opens && depth > 0) refuse(path);
        return true;
      },
      /*allow_exceptions=*/false);
  if (!parsed.is_object()) refuse(path);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : parsed.items()) {
    if (!value.is_string()) refuse(path);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace gradus
