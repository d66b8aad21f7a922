#include "gradus/recipe/schema.h"

#include <memory>
#include <vector>

#include "gradus/recipe/keys.h"

namespace gradus {
namespace {

// A section: its keys and sections in the order of the list.
struct Section {
  std::string name;
  bool is_list = false;                                     // of such sections: "overrides[]"
  std::vector<std::pair<std::string, std::string>> keys{};  // name and schema
  std::vector<std::unique_ptr<Section>> sections{};
};

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

Section& child(Section& parent, std::string name) {
  const bool is_list = name.ends_with("[]");
  if (is_list) name.resize(name.size() - 2);
  for (const auto& section : parent.sections) {
    if (section->name == name) return *section;
  }
  parent.sections.push_back(std::make_unique<Section>(Section{name, is_list}));
  return *parent.sections.back();
}

// {"type": "integer"} with the summary first.
std::string described(const RecipeKey& key) {
  const std::string text = key.summary + ": " + key.values;
  const bool empty = key.schema == "{}";
  return "{\"description\": " + quoted(text) + (empty ? "" : ", ") + key.schema.substr(1);
}

void add(Section& root, const RecipeKey& key) {
  Section* section = &root;
  std::size_t begin = 0;
  for (std::size_t dot; (dot = key.path.find('.', begin)) != std::string::npos; begin = dot + 1) {
    section = &child(*section, key.path.substr(begin, dot - begin));
  }
  section->keys.emplace_back(key.path.substr(begin), described(key));
  for (const std::string& alias : key.aliases) section->keys.emplace_back(alias, described(key));
}

// An object that holds these keys alone; a section may be left empty.
std::string object(const Section& section, const std::string& indent) {
  const std::string inner = indent + "    ";
  std::string text = "{\n" + indent + "  \"type\": [\"object\", \"null\"],\n" + indent +
                     "  \"additionalProperties\": false,\n";
  if (section.is_list) text += indent + "  \"required\": [\"select\"],\n";
  text += indent + "  \"properties\": {";
  const char* separator = "\n";
  for (const auto& [name, schema] : section.keys) {
    text += separator + inner + quoted(name) + ": " + schema;
    separator = ",\n";
  }
  for (const auto& each : section.sections) {
    text += separator + inner + quoted(each->name) + ": ";
    const std::string body = object(*each, each->is_list ? inner + "  " : inner);
    text += each->is_list ? "{\n" + inner + "  \"type\": [\"array\", \"null\"],\n" + inner +
                                "  \"items\": " + body + "\n" + inner + "}"
                          : body;
    separator = ",\n";
  }
  return text + "\n" + indent + "  }\n" + indent + "}";
}

}  // namespace

std::string recipe_schema() {
  Section root{"recipe"};
  for (const RecipeKey& key : recipe_keys()) add(root, key);
  // What a schema says of itself goes before the rest of the object.
  return "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
         "  \"title\": \"A recipe of gradus: how a network is quantized and trained\"," +
         object(root, "").substr(1) + "\n";
}

}  // namespace gradus
