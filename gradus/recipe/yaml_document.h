// One YAML document under bounds: a recipe may come from anywhere.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace gradus {

// Throws Error (kInvalidArgument), "<where>:<line>: ...", if the text is larger than kMaxYamlBytes,
// is not YAML, nested more than kMaxYamlDepth deep, uses anchors or aliases (which can expand
// without end), or holds more than one document.
YAML::Node parse_yaml_document(const std::string& text, const std::string& where);

}  // namespace gradus
