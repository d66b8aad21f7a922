// The section augmentation: the training pictures' options, and the mixing of a batch.
#include <algorithm>
#include <cmath>

#include "gradus/recipe/field_makers.h"
#include "gradus/recipe/sections.h"

namespace gradus {
namespace {

using A = AugmentationRecipe;

// A probability that may be left open.
Field<A> chance(std::string key, std::optional<double> A::* member, std::string summary) {
  Field<A> field;
  field.key = std::move(key);
  field.values = fraction().text;
  field.schema = fraction().schema();
  field.summary = std::move(summary);
  field.read = [=](A& into, const YAML::Node& node, const std::string&) {
    into.*member = read_number(node);
    return into.*member && fraction().holds(*(into.*member));
  };
  field.write = [=](const A& from) { return member_text(from.*member); };
  return field;
}

// So many items of a JSON schema.
std::string list_schema(const std::string& item, int count) {
  return R"({"type": "array", "items": )" + item + R"(, "minItems": )" + std::to_string(count) +
         R"(, "maxItems": )" + std::to_string(count) + "}";
}

// What a list of numbers must be: in words, as a JSON schema, and in whole.
struct ListKind {
  std::string values;
  std::string schema;
  bool (*fits)(const std::vector<double>&);
};

// A list of numbers that may be left open.
Field<A> numbers(std::string key, std::vector<double> A::* member, const ListKind& kind,
                 std::string summary) {
  Field<A> field;
  field.key = std::move(key);
  field.values = kind.values;
  field.schema = kind.schema;
  field.summary = std::move(summary);
  field.read = [member, fits = kind.fits](A& into, const YAML::Node& node, const std::string&) {
    if (!node.IsSequence()) return false;
    std::vector<double> list;
    for (const YAML::Node& item : node) {
      const auto value = read_number(item);
      if (!value || list.size() == 4) return false;
      list.push_back(*value);
    }
    into.*member = list;
    return fits(list);
  };
  field.write = [member](const A& from) -> std::optional<std::string> {
    if ((from.*member).empty()) return std::nullopt;
    std::string text;
    for (double value : from.*member) text += (text.empty() ? "" : ", ") + yaml_text(value);
    return "[" + text + "]";
  };
  return field;
}

bool rise_within(const std::vector<double>& values, double low, double high) {
  return values.size() == 2 && values[0] >= low && values[0] <= values[1] && values[1] <= high;
}

bool is_scale(const std::vector<double>& values) { return rise_within(values, 0.01, 1.0); }
bool is_ratio(const std::vector<double>& values) { return rise_within(values, 0.1, 10.0); }

bool is_jitter(const std::vector<double>& values) {
  return values.size() == 4 && values[3] <= 0.5 &&
         std::all_of(values.begin(), values.end(), [](double v) { return v >= 0.0 && v <= 1.0; });
}

bool is_randaugment(const std::vector<double>& values) {
  return values.size() == 2 && values[0] >= 0.0 && values[0] <= 8.0 && values[1] >= 0.0 &&
         values[1] <= 30.0 &&
         std::all_of(values.begin(), values.end(), [](double v) { return v == std::floor(v); });
}

}  // namespace

const Section<AugmentationRecipe>& augmentation_fields() {
  static const Section<A> fields = {
      text("augment", &A::augment, {"none", "flip", "pad_crop_flip", "random_resized_crop"},
           "the usual ways to vary pictures; the data's own unless given"),
      chance("hflip", &A::hflip, "how often left and right change places"),
      chance("vflip", &A::vflip, "how often top and bottom do"),
      numbers("crop_scale", &A::crop_scale,
              {"a list of 2 rising numbers from 0.01 to 1",
               list_schema(R"({"type": "number", "minimum": 0.01, "maximum": 1})", 2), is_scale},
              "random_resized_crop: share of the area"),
      numbers("crop_ratio", &A::crop_ratio,
              {"a list of 2 rising numbers from 0.1 to 10",
               list_schema(R"({"type": "number", "minimum": 0.1, "maximum": 10})", 2), is_ratio},
              "random_resized_crop: width to height"),
      numbers("jitter", &A::jitter,
              {"a list of 4 numbers from 0 to 1, the last at most 0.5",
               list_schema(R"({"type": "number", "minimum": 0, "maximum": 1})", 4), is_jitter},
              "of brightness, contrast, saturation and hue"),
      numbers(
          "randaugment", &A::randaugment,
          {"a list of 2 integers, from 0 to 8 and from 0 to 30",
           list_schema(R"({"type": "integer", "minimum": 0, "maximum": 30})", 2), is_randaugment},
          "RandAugment's operations a picture and their magnitude"),
      number("mixup", &A::mixup, at_least_zero(), "alpha of mixup; 0: none"),
      number("cutmix", &A::cutmix, at_least_zero(),
             "alpha of CutMix; 0: none; with mixup each takes half of the batches"),
      number("mix_probability", &A::mix_probability, fraction(),
             "share of the batches that mixup and cutmix take")};
  return fields;
}

}  // namespace gradus
