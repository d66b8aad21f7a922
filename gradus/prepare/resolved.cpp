#include "gradus/prepare/resolved.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gradus/recipe/fields.h"

namespace gradus {
namespace {

// What the observer goes by, if anything.
std::string observer_text(const Quantizer& quantizer) {
  std::string text = ", observer: " + quantizer.observer;
  if (quantizer.observer == "moving_average_minmax") {
    text += ", averaging_constant: " + yaml_text(quantizer.averaging_constant);
  } else if (quantizer.observer == "percentile") {
    text += ", percentile: " + yaml_text(quantizer.percentile);
  } else if (quantizer.observer == "given") {
    text +=
        ", range: [" + yaml_text(quantizer.given_min) + ", " + yaml_text(quantizer.given_max) + "]";
  }
  return text;
}

std::string settings_text(const Quantizer& quantizer) {
  const QuantizerSpec& spec = quantizer.spec;
  return "{bits: " + std::to_string(spec.bits) + ", signed: " + yaml_text(spec.is_signed) +
         ", symmetric: " + yaml_text(spec.symmetric) +
         ", narrow_range: " + yaml_text(spec.narrow_range) +
         ", per_channel: " + yaml_text(spec.per_channel) + ", estimator: " + quantizer.estimator +
         observer_text(quantizer);
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
    group->second += (group->second.empty() ? "" : ", ") + yaml_text(value.name);
  }
  std::string text;
  for (const auto& [settings, names] : groups) text += "- " + settings + ", of: [" + names + "]}\n";
  return text;
}

}  // namespace gradus
