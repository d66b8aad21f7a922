#include "gradus/data/data_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "gradus/data/limits.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1} << 31;
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
DataOption make_option(std::string name, std::string help, std::string values, Field<T> field,
                       std::function<std::optional<T>(const std::string&)> read,
                       std::function<std::string(const T&)> write) {
  DataOption option{std::move(name), std::move(values), std::move(help), {}, {}, {}};
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

DataOption integer_option(std::string name, std::string help, Field<std::int64_t> field,
                          std::int64_t low, std::int64_t high) {
  return make_option<std::int64_t>(
      std::move(name), std::move(help),
      "an integer from " + number_text(low) + " to " + number_text(high), field,
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

DataOption number_option(std::string name, std::string help, Field<float> field, float low,
                         float high) {
  return make_option<float>(
      std::move(name), std::move(help),
      "a number from " + number_text(low) + " to " + number_text(high), field,
      [low, high](const std::string& text) { return parse_float(text, low, high); },
      number_text<float>);
}

struct Count {
  std::size_t low = 1;
  std::size_t high = 4;
  std::string text() const {
    return low == high ? number_text(low) : number_text(low) + " to " + number_text(high);
  }
};

// Numbers with '/' between them; `fits` says what they must be together.
DataOption list_option(
    std::string name, std::string help, Field<std::vector<float>> field, Count count, float low,
    float high,
    std::function<bool(const std::vector<float>&)> fits = [](const auto&) { return true; }) {
  return make_option<std::vector<float>>(
      std::move(name), std::move(help),
      count.text() + " numbers from " + number_text(low) + " to " + number_text(high) +
          " with / between",
      field,
      [=](const std::string& text) -> std::optional<std::vector<float>> {
        std::vector<float> values;
        std::size_t begin = 0;
        while (begin <= text.size()) {
          const std::size_t end = std::min(text.find('/', begin), text.size());
          const auto value = parse_float(text.substr(begin, end - begin), low, high);
          if (!value || values.size() == count.high) return std::nullopt;
          values.push_back(*value);
          begin = end + 1;
        }
        return values.size() >= count.low && fits(values) ? std::optional(values) : std::nullopt;
      },
      [](const std::vector<float>& values) {
        std::string text;
        for (float value : values) text += (text.empty() ? "" : "/") + number_text(value);
        return text;
      });
}

DataOption text_option(std::string name, std::string help, std::string values,
                       Field<std::string> field) {
  return make_option<std::string>(
      std::move(name), std::move(help), std::move(values), field,
      [](const std::string& text) {
        const bool fits = !text.empty() && text.size() <= 4096 && text.find('\0') == text.npos;
        return fits ? std::optional(text) : std::nullopt;
      },
      [](const std::string& text) { return text; });
}

template <typename T>
DataOption choice_option(std::string name, std::string help, Field<T> field,
                         std::vector<std::pair<std::string, T>> choices) {
  std::string values;
  for (const auto& [text, value] : choices) values += (values.empty() ? "" : " or ") + text;
  return make_option<T>(
      std::move(name), std::move(help), values, field,
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

bool rises(const std::vector<float>& values) { return values[0] <= values[1]; }
bool whole(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == std::floor(v); });
}

std::vector<DataOption> selection_options() {
  return {
      choice_option<Split>("split", "which part of the data", &DataSpec::split,
                           {{"train", Split::kTrain}, {"test", Split::kTest}}),
      integer_option("offset", "samples left out at the front", &DataSpec::offset, 0, kMaxCount),
      integer_option("limit", "at most so many samples", &DataSpec::limit, 1, kMaxCount),
      integer_option("seed", "shuffles before offset and limit; random, synthetic: the content",
                     &DataSpec::seed, 0, INT64_MAX),
      integer_option("classes", "their number, where the data does not say", &DataSpec::classes, 1,
                     kMaxLabel + 1)};
}

std::vector<DataOption> preprocessing_options() {
  return {number_option("scale", "of the pixels: byte * scale / 255", &DataSpec::scale, 1e-6f,
                        kMaxMagnitude),
          list_option("mean", "taken off the pixels, one or one a channel", &DataSpec::mean, {1, 4},
                      -kMaxMagnitude, kMaxMagnitude),
          list_option("std", "divides them then", &DataSpec::std, {1, 4}, 1e-6f, kMaxMagnitude),
          choice_option<ChannelOrder>("order", "of the channels", &DataSpec::order,
                                      {{"rgb", ChannelOrder::kRgb}, {"bgr", ChannelOrder::kBgr}}),
          integer_option("resize", "the shorter side, in pixels", &DataSpec::resize, 1,
                         kMaxPictureSide),
          integer_option("crop", "the centre, a square of so many pixels", &DataSpec::crop, 1,
                         kMaxPictureSide),
          choice_option<CropRound>("crop_round", "of half a pixel in crop", &DataSpec::crop_round,
                                   {{"even", CropRound::kEven}, {"down", CropRound::kDown}}),
          choice_option<ExifRotation>(
              "exif", "turn pictures as their Exif tag says", &DataSpec::exif,
              {{"apply", ExifRotation::kApply}, {"ignore", ExifRotation::kIgnore}}),
          make_option<std::int64_t>(
              "channels", "1: grey, 3: RGB, 4: RGB and alpha", "1, 3 or 4", &DataSpec::channels,
              [](const std::string& text) {
                const auto value = parse_number<std::int64_t>(text);
                return value && (*value == 1 || *value == 3 || *value == 4) ? value : std::nullopt;
              },
              number_text<std::int64_t>)};
}

std::vector<DataOption> storage_options() {
  return {
      text_option("images", "npz: the array of pictures", "a name", &DataSpec::images),
      text_option("labels", "npz: the array of labels; npy: its file", "a name or a file",
                  &DataSpec::labels),
      choice_option<Layout>("layout", "npz, npy: of pictures, if their shape does not tell",
                            &DataSpec::layout, {{"nchw", Layout::kNchw}, {"nhwc", Layout::kNhwc}}),
      text_option("cache", "imagefolder, imagelist: where decoded pictures are kept",
                  "memory or a folder", &DataSpec::cache)};
}

std::vector<DataOption> augmentation_options() {
  return {
      choice_option<Augment>("augment", "training: the usual ways to vary pictures",
                             &DataSpec::augment,
                             {{"none", Augment::kNone},
                              {"flip", Augment::kFlip},
                              {"pad_crop_flip", Augment::kPadCropFlip},
                              {"random_resized_crop", Augment::kRandomResizedCrop}}),
      number_option("hflip", "training: how often left and right change places", &DataSpec::hflip,
                    0.0f, 1.0f),
      number_option("vflip", "training: how often top and bottom do", &DataSpec::vflip, 0.0f, 1.0f),
      list_option("crop_scale", "random_resized_crop: share of the area", &DataSpec::crop_scale,
                  {2, 2}, 0.01f, 1.0f, rises),
      list_option("crop_ratio", "random_resized_crop: width to height", &DataSpec::crop_ratio,
                  {2, 2}, 0.1f, 10.0f, rises),
      list_option("jitter", "training: brightness/contrast/saturation/hue (hue at most 0.5)",
                  &DataSpec::jitter, {4, 4}, 0.0f, 1.0f,
                  [](const std::vector<float>& values) { return values[3] <= 0.5f; }),
      list_option("randaugment", "training: RandAugment's operations/magnitude (at most 8/30)",
                  &DataSpec::randaugment, {2, 2}, 0.0f, 30.0f,
                  [](const std::vector<float>& v) { return whole(v) && v[0] <= 8.0f; })};
}

}  // namespace

const std::vector<DataOption>& data_options() {
  static const std::vector<DataOption> list = [] {
    std::vector<DataOption> all;
    for (auto part :
         {selection_options, preprocessing_options, storage_options, augmentation_options}) {
      for (DataOption& option : part()) all.push_back(std::move(option));
    }
    return all;
  }();
  return list;
}

std::string data_help() {
  std::string text = "Data SPEC: kind:path[,option=value]...\n";
  const auto line = [&](const std::string& name, const std::string& help) {
    const std::string gap(name.size() < 26 ? 26 - name.size() : 1, ' ');
    text += "  " + name + gap + help + "\n";
  };
  for (const DataSource& source : data_sources()) line(source.usage, source.help);
  text += "Options of a data SPEC:\n";
  for (const DataOption& option : data_options()) {
    line(option.name, option.help + ": " + option.values);
  }
  return text;
}

}  // namespace gradus
