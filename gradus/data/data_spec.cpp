#include "gradus/data/data_spec.h"

#include <set>

#include "gradus/base/error.h"
#include "gradus/base/nearest_name.h"
#include "gradus/data/data_options.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

// "; did you mean 'x'?" or "", and every name.
std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(name, known);
  std::string text = nearest.empty() ? "; " : "; did you mean '" + nearest + "'? ";
  text += "expected one of ";
  for (const std::string& item : known) text += (&item == &known.front() ? "" : ", ") + item;
  return text;
}

// The parts between unescaped commas, escapes kept.
std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      parts.emplace_back();
      continue;
    }
    parts.back() += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) parts.back() += text[++i];
  }
  return parts;
}

std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

std::string escape(const std::string& plain) {
  std::string text;
  for (char c : plain) {
    if (c == ',' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

void set_option(DataSpec& spec, const std::string& name, const std::string& value,
                const std::string& where) {
  std::vector<std::string> names;
  for (const DataOption& option : data_options()) {
    names.push_back(option.name);
    if (option.name != name) continue;
    if (option.read(spec, value)) return;
    throw Error(ErrorCode::kInvalidArgument,
                where + ": option " + name + ": found '" + value + "'; expected " + option.values);
  }
  throw Error(ErrorCode::kInvalidArgument,
              where + ": unknown option '" + name + "'" + suggestion(name, names));
}

DataSpec parse_data_spec(const std::string& text) {
  if (text.find('\n') != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument, "data: has several lines; expected kind:path[,...]");
  }
  const std::string where = "data '" + text + "'";
  const std::vector<std::string> parts = split_at_commas(text);
  const std::size_t colon = parts[0].find(':');
  DataSpec spec;
  spec.kind = parts[0].substr(0, colon);
  const DataSource& source = find_data_source(spec.kind);
  if (colon != std::string::npos) spec.path = unescape(parts[0].substr(colon + 1));
  if (spec.path.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": found nothing after the kind; expected " + source.usage);
  }
  std::set<std::string> seen;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string::npos) {
      throw Error(ErrorCode::kInvalidArgument, where + ": found '" + parts[i] +
                                                   "'; expected option=value (a comma in a path is "
                                                   "written \\,)");
    }
    const std::string name = parts[i].substr(0, equals);
    if (!seen.insert(name).second) {
      throw Error(ErrorCode::kInvalidArgument, where + ": option " + name + " is given twice");
    }
    set_option(spec, name, unescape(parts[i].substr(equals + 1)), where);
  }
  return spec;
}

DataSpec merge(const DataSpec& base, const DataSpec& over) {
  DataSpec merged = base;
  if (!over.kind.empty()) merged.kind = over.kind;
  if (!over.path.empty()) merged.path = over.path;
  for (const DataOption& option : data_options()) option.take(merged, over);
  return merged;
}

std::string to_string(const DataSpec& spec) {
  std::string text = spec.kind + ":" + escape(spec.path);
  for (const DataOption& option : data_options()) {
    if (const auto value = option.write(spec)) text += "," + option.name + "=" + escape(*value);
  }
  return text;
}

DataSpec without_augmentation(DataSpec spec) {
  spec.augment = Augment::kNone;
  spec.hflip = spec.vflip = std::nullopt;
  spec.crop_scale = spec.crop_ratio = spec.jitter = spec.randaugment = std::nullopt;
  return spec;
}

const char* split_name(Split split) noexcept { return split == Split::kTrain ? "train" : "test"; }

}  // namespace gradus
