#include "gradus/data/data_options.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gradus {
namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1} << 31;
constexpr std::int64_t kMaxSide = 16384;
constexpr float kMaxMagnitude = 1e6f;

template <typename T>
using Field = std::optional<T> DataSpec::*;

template <typename T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

// Shortest text that reads back to the same value.
template <typename T>
std::string number_text(T value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, result.ptr};
}

template <typename T>
DataOption make_option(std::string name, std::string values, Field<T> field,
                       std::function<std::optional<T>(const std::string&)> read,
                       std::function<std::string(const T&)> write) {
  DataOption option{std::move(name), std::move(values), {}, {}, {}};
  option.read = [field, read](DataSpec& spec, const std::string& text) {
    std::optional<T> value = read(text);
    if (!value) return false;
    spec.*field = std::move(value);
    return true;
  };
  option.write = [field, write](const DataSpec& spec) -> std::optional<std::string> {
    if (!(spec.*field)) return std::nullopt;
    return write(*(spec.*field));
  };
  option.take = [field](DataSpec& into, const DataSpec& from) {
    if (from.*field) into.*field = from.*field;
  };
  return option;
}

DataOption integer_option(std::string name, Field<std::int64_t> field, std::int64_t low,
                          std::int64_t high) {
  return make_option<std::int64_t>(
      std::move(name), "an integer from " + number_text(low) + " to " + number_text(high), field,
      [low, high](const std::string& text) {
        auto value = parse_number<std::int64_t>(text);
        return value && *value >= low && *value <= high ? value : std::nullopt;
      },
      number_text<std::int64_t>);
}

std::optional<float> parse_float(const std::string& text, float low, float high) {
  const auto value = parse_number<float>(text);
  return value && *value >= low && *value <= high ? value : std::nullopt;  // NaN compares false
}

// One to four numbers with '/' between them.
DataOption list_option(std::string name, Field<std::vector<float>> field, float low, float high) {
  return make_option<std::vector<float>>(
      std::move(name),
      "1 to 4 numbers from " + number_text(low) + " to " + number_text(high) + " with / between",
      field,
      [low, high](const std::string& text) -> std::optional<std::vector<float>> {
        std::vector<float> values;
        std::size_t begin = 0;
        while (begin <= text.size()) {
          const std::size_t end = std::min(text.find('/', begin), text.size());
          const auto value = parse_float(text.substr(begin, end - begin), low, high);
          if (!value || values.size() == 4) return std::nullopt;
          values.push_back(*value);
          begin = end + 1;
        }
        return values;
      },
      [](const std::vector<float>& values) {
        std::string text;
        for (float value : values) text += (text.empty() ? "" : "/") + number_text(value);
        return text;
      });
}

template <typename T>
DataOption choice_option(std::string name, Field<T> field,
                         std::vector<std::pair<std::string, T>> choices) {
  std::string values;
  for (const auto& [text, value] : choices) values += (values.empty() ? "" : " or ") + text;
  return make_option<T>(
      std::move(name), values, field,
      [choices](const std::string& text) -> std::optional<T> {
        for (const auto& [known, value] : choices) {
          if (known == text) return value;
        }
        return std::nullopt;
      },
      [choices](const T& value) -> std::string {
        for (const auto& [known, choice] : choices) {
          if (choice == value) return known;
        }
        return "";
      });
}

}  // namespace

const std::vector<DataOption>& data_options() {
  static const std::vector<DataOption> list = {
      choice_option<Split>("split", &DataSpec::split,
                           {{"train", Split::kTrain}, {"test", Split::kTest}}),
      integer_option("offset", &DataSpec::offset, 0, kMaxCount),
      integer_option("limit", &DataSpec::limit, 1, kMaxCount),
      integer_option("seed", &DataSpec::seed, 0, INT64_MAX),
      integer_option("classes", &DataSpec::classes, 1, 1000000),
      make_option<float>(
          "scale", "a number above 0, at most " + number_text(kMaxMagnitude), &DataSpec::scale,
          [](const std::string& text) { return parse_float(text, 1e-6f, kMaxMagnitude); },
          number_text<float>),
      list_option("mean", &DataSpec::mean, -kMaxMagnitude, kMaxMagnitude),
      list_option("std", &DataSpec::std, 1e-6f, kMaxMagnitude),
      choice_option<ChannelOrder>("order", &DataSpec::order,
                                  {{"rgb", ChannelOrder::kRgb}, {"bgr", ChannelOrder::kBgr}}),
      integer_option("resize", &DataSpec::resize, 1, kMaxSide),
      integer_option("crop", &DataSpec::crop, 1, kMaxSide),
      choice_option<CropRound>("crop_round", &DataSpec::crop_round,
                               {{"even", CropRound::kEven}, {"down", CropRound::kDown}}),
      choice_option<Augmentation>("augment", &DataSpec::augment,
                                  {{"none", Augmentation::kNone},
                                   {"flip", Augmentation::kFlip},
                                   {"pad_crop_flip", Augmentation::kPadCropFlip}}),
  };
  return list;
}

}  // namespace gradus
