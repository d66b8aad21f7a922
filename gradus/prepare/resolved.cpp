#include "gradus/prepare/resolved.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gradus {
namespace {

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    // A name from a file may hold anything; the line stays one line.
    text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return text + "\"";
}

const char* word(bool value) { return value ? "true" : "false"; }

std::string settings_text(const Quantizer& quantizer) {
  const QuantizerSpec& spec = quantizer.spec;
  return "{bits: " + std::to_string(spec.bits) + ", signed: " + word(spec.is_signed) +
         ", symmetric: " + word(spec.symmetric) + ", narrow_range: " + word(spec.narrow_range) +
         ", per_channel: " + word(spec.per_channel) + ", estimator: " + quantizer.estimator +
         ", observer: " + quantizer.observer;
}

}  // namespace

std::string resolved_quantizers(const Graph& prepared) {
  std::vector<std::pair<std::string, std::string>> groups;  // settings and names
  for (const Value& value : prepared.values) {
    if (value.quantizer == kNoQuantizer) continue;
    const std::string settings =
        settings_text(prepared.quantizers[static_cast<std::size_t>(value.quantizer)]);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& known) { return known.first == settings; });
    if (group == groups.end()) group = groups.insert(groups.end(), {settings, ""});
    group->second += (group->second.empty() ? "" : ", ") + quoted(value.name);
  }
  std::string text;
  for (const auto& [settings, names] : groups) text += "- " + settings + ", of: [" + names + "]}\n";
  return text;
}

}  // namespace gradus
