#include "gradus/checkpoint/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "gradus/base/error.h"
#include "gradus/checkpoint/limits.h"

namespace gradus {
namespace {

using nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

constexpr std::pair<const char*, DType> kDTypes[] = {
    {"F32", DType::kFloat32},   {"F64", DType::kFloat64}, {"F16", DType::kFloat16},
    {"BF16", DType::kBFloat16}, {"I8", DType::kInt8},     {"I16", DType::kInt16},
    {"I32", DType::kInt32},     {"I64", DType::kInt64},   {"U8", DType::kUint8},
    {"U16", DType::kUint16},    {"U32", DType::kUint32},  {"U64", DType::kUint64},
    {"BOOL", DType::kBool},
};

[[noreturn]] void refuse(const std::string& where, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, where + ": " + text);
}

// A name as it may be shown in one line: cut, and without control characters.
std::string shown(std::string name) {
  if (name.size() > 80) name = name.substr(0, 80) + "...";
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + name + "'";
}

// Refuses, while parsing, what nlohmann::json would take: a key given twice, nesting without end.
class Guard {
 public:
  explicit Guard(const std::string& where) : where_(where) {}
  bool operator()(json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (keys_.size() == kMaxSafetensorsDepth) refuse(where_, "its header is nested too deeply");
        keys_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get<std::string>()).second) {
          refuse(where_, "its header has " + shown(parsed.get<std::string>()) + " twice");
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::set<std::string>> keys_;
};

json parse_json(std::span<const std::byte> text, const std::string& where) {
  // The parser takes a zero byte for the end of its input, whatever follows.
  if (std::find(text.begin(), text.end(), std::byte{0}) != text.end()) {
    refuse(where, "its header holds a zero byte; the file is damaged");
  }
  const auto* begin = reinterpret_cast<const char*>(text.data());
  Guard guard(where);
  json header = json::parse(
      begin, begin + text.size(),
      [&guard](int, json::parse_event_t event, json& parsed) { return guard(event, parsed); },
      /*allow_exceptions=*/false);
  if (header.is_discarded() || !header.is_object()) {
    refuse(where, "its header is not a JSON object; expected a safetensors file, whole");
  }
  return header;
}

DType dtype_from(const json& entry, const std::string& where) {
  const auto found = entry.find("dtype");
  if (found == entry.end() || !found->is_string()) refuse(where, "has no dtype");
  const auto& text = found->get_ref<const std::string&>();
  for (const auto& [name, dtype] : kDTypes) {
    if (text == name) return dtype;
  }
  refuse(where,
         "its dtype is " + shown(text) + "; expected F64, F32, F16, BF16, I8-I64, U8-U64 or BOOL");
}

std::vector<std::uint64_t> naturals_from(const json& entry, const char* key,
                                         const std::string& where) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array() || found->size() > kMaxSafetensorsRank) {
    refuse(where, std::string("its ") + key + " is no list of at most 64 integers");
  }
  std::vector<std::uint64_t> numbers;
  for (const json& item : *found) {
    if (!item.is_number_unsigned()) {
      refuse(where, std::string("its ") + key + " holds something that is no natural number");
    }
    numbers.push_back(item.get<std::uint64_t>());
  }
  return numbers;
}

SafetensorsEntry entry_from(const std::string& name, const json& entry, const std::string& where) {
  const std::string here = where + ": tensor " + shown(name);
  if (!entry.is_object() || entry.size() != 3) {
    refuse(here, "its entry is no object of dtype, shape and data_offsets");
  }
  SafetensorsEntry result;
  result.name = name;
  result.dtype = dtype_from(entry, here);
  for (std::uint64_t dimension : naturals_from(entry, "shape", here)) {
    if (dimension > (std::uint64_t{1} << 62)) refuse(here, "a dimension is past 2^62");
    result.shape.push_back(static_cast<std::int64_t>(dimension));
  }
  const auto offsets = naturals_from(entry, "data_offsets", here);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    refuse(here, "its data_offsets are no [begin, end]");
  }
  result.begin = offsets[0];
  result.end = offsets[1];
  const auto count = element_count(result.shape);
  std::uint64_t bytes = 0;
  if (!count ||
      __builtin_mul_overflow(static_cast<std::uint64_t>(*count),
                             std::uint64_t{dtype_bytes(result.dtype)}, &bytes) ||
      bytes != result.end - result.begin) {
    refuse(here, "shape " + to_string(result.shape) + " of " + dtype_name(result.dtype) +
                     " does not need the " + std::to_string(result.end - result.begin) +
                     " bytes that its data_offsets give it");
  }
  return result;
}

std::map<std::string, std::string> metadata_from(const json& object, const std::string& where) {
  if (!object.is_object()) refuse(where, "its __metadata__ is no object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) refuse(where, "its __metadata__ " + shown(key) + " is no text");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> text,
                                           std::uint64_t data_bytes, const std::string& where) {
  const json parsed = parse_json(text, where);
  SafetensorsHeader header;
  for (const auto& [name, entry] : parsed.items()) {
    if (name == kMetadata) {
      header.metadata = metadata_from(entry, where);
    } else {
      header.entries.push_back(entry_from(name, entry, where));
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (const auto& entry : header.entries) {
    if (entry.begin != covered) {
      refuse(where, "tensor " + shown(entry.name) + ": its data begins at " +
                        std::to_string(entry.begin) + "; expected " + std::to_string(covered) +
                        ", without holes or overlaps");
    }
    covered = entry.end;
  }
  if (covered != data_bytes) {
    refuse(where, "has " + std::to_string(data_bytes) + " bytes of data; its header speaks of " +
                      std::to_string(covered) + ": the file is cut short or damaged");
  }
  return header;
}

std::string safetensors_header_text(const SafetensorsHeader& header, const std::string& where) {
  json object = json::object();
  for (const auto& entry : header.entries) {
    const auto* dtype =
        std::find_if(std::begin(kDTypes), std::end(kDTypes),
                     [&](const auto& known) { return known.second == entry.dtype; });
    object[entry.name] = {{"dtype", dtype->first},
                          {"shape", entry.shape},
                          {"data_offsets", {entry.begin, entry.end}}};
  }
  if (!header.metadata.empty()) object[kMetadata] = header.metadata;
  try {
    return object.dump();
  } catch (const json::exception&) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": a tensor's name or a metadata text is not UTF-8; rename it");
  }
}

}  // namespace gradus
