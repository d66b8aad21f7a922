#include "gradus/capi/picture_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "gradus/base/error.h"

namespace gradus {
namespace {

constexpr const char* kPrefix = "data.pixels.";
// Those of the data SPEC's options, which wrote the metadata.
constexpr float kMaxMagnitude = 1e6f;
constexpr float kMinPositive = 1e-6f;
constexpr std::size_t kMaxChannels = 4;

template <typename T>
std::optional<T> parse(const std::string& text, T low, T high) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !(value >= low && value <= high)) {
    return std::nullopt;
  }
  return value;
}

// Numbers with '/' between them.
std::optional<std::vector<float>> parse_list(const std::string& text, float low) {
  std::vector<float> values;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const auto value = parse(text.substr(begin, end - begin), low, kMaxMagnitude);
    if (!value || values.size() == kMaxChannels) return std::nullopt;
    values.push_back(*value);
    begin = end + 1;
  }
  return values;
}

template <typename T>
bool take(T& into, std::optional<T> value) {
  if (value) into = std::move(*value);
  return value.has_value();
}

template <typename E>
bool take_choice(E& into, const std::string& text, const char* first, E first_value,
                 const char* second, E second_value) {
  if (text != first && text != second) return false;
  into = text == first ? first_value : second_value;
  return true;
}

// False if the value is malformed or the key unknown.
bool take_option(Preprocessing& into, const std::string& key, const std::string& text) {
  constexpr std::int64_t kSide = kMaxPictureSide;
  if (key == "scale") return take(into.scale, parse(text, kMinPositive, kMaxMagnitude));
  if (key == "mean") return take(into.mean, parse_list(text, -kMaxMagnitude));
  if (key == "std") return take(into.std, parse_list(text, kMinPositive));
  if (key == "resize") return take(into.resize, parse<std::int64_t>(text, 1, kSide));
  if (key == "crop") return take(into.crop, parse<std::int64_t>(text, 1, kSide));
  if (key == "order") {
    return take_choice(into.order, text, "rgb", ChannelOrder::kRgb, "bgr", ChannelOrder::kBgr);
  }
  if (key == "crop_round") {
    return take_choice(into.crop_round, text, "even", CropRound::kEven, "down", CropRound::kDown);
  }
  // Of files and their decoding, which is over when a picture arrives here.
  return key == "exif" || key == "channels";
}

float of_channel(const std::vector<float>& values, std::size_t channel, float fallback) {
  if (values.empty()) return fallback;
  return values[values.size() == 1 ? 0 : channel];
}

[[noreturn]] void refuse_file(const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, "the model's preprocessing: " + text);
}

std::string text_of(PictureSize size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

}  // namespace

std::optional<Preprocessing> stored_preprocessing(
    const std::map<std::string, std::string>& metadata) {
  std::optional<Preprocessing> result;
  for (const auto& [key, text] : metadata) {
    if (!key.starts_with(kPrefix)) continue;
    if (!result) result.emplace();
    if (!take_option(*result, key.substr(std::strlen(kPrefix)), text)) {
      refuse_file("'" + key + "' is '" + text.substr(0, 60) +
                  "', which this library does not know; expected what gradus wrote");
    }
  }
  return result;
}

PictureReader::PictureReader(const Preprocessing& preprocessing, const QTensor& input)
    : preprocessing_(preprocessing), input_{input.width, input.height} {
  const auto channels = static_cast<std::size_t>(input.channels);
  if (channels > kMaxChannels) {
    refuse_file("the network takes " + std::to_string(channels) +
                " channels; pictures have 1 to 4");
  }
  for (const auto* values : {&preprocessing.mean, &preprocessing.std}) {
    if (values->size() > 1 && values->size() != channels) {
      refuse_file(std::to_string(values->size()) + " values of mean or std for " +
                  std::to_string(channels) + " channels; expected 1 or one a channel");
    }
  }
  if (preprocessing.order == ChannelOrder::kBgr && channels != 3) {
    refuse_file("order bgr for " + std::to_string(channels) + " channels; expected 3");
  }
  tables_.resize(channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const float mean = of_channel(preprocessing.mean, channel, 0.0f);
    const float deviation = of_channel(preprocessing.std, channel, 1.0f);
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float pixel = static_cast<float>(byte) * preprocessing.scale / 255.0f;
      tables_[channel][byte] = (pixel - mean) / deviation;
    }
  }
}

PictureSize PictureReader::resized(PictureSize size) const {
  if (preprocessing_.resize == 0) return size;
  return resized_size(size, static_cast<int>(preprocessing_.resize), "the picture");
}

void PictureReader::check(const PictureView& picture, const std::string& where) const {
  const PictureSize size = {picture.width, picture.height};
  if (size.width < 1 || size.height < 1 || size.width > kMaxPictureSide ||
      size.height > kMaxPictureSide || std::int64_t{size.width} * size.height > kMaxPicturePixels) {
    throw Error(ErrorCode::kInvalidArgument, where + ": is " + text_of(size) +
                                                 " pixels; expected sides from 1 to " +
                                                 std::to_string(kMaxPictureSide) + " and at most " +
                                                 std::to_string(kMaxPicturePixels) + " pixels");
  }
  if (picture.row_stride < std::ptrdiff_t{picture.width} * picture.channels) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": row_stride " + std::to_string(picture.row_stride) +
                    " is less than a row; expected width * channels or more, or 0");
  }
  PictureSize after = resized(size);
  if (preprocessing_.crop > 0) {
    const int side = static_cast<int>(preprocessing_.crop);
    check_crop(after, side, where);
    after = {side, side};
  }
  if (after != input_) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": comes out " + text_of(after) + " pixels; the network takes " +
                    text_of(input_) + ": resize it before, or store resize and crop when training");
  }
}

void PictureReader::read(const PictureView& picture, std::span<float> out) {
  PictureView view = picture;
  const PictureSize before = {view.width, view.height};
  const PictureSize after = resized(before);
  if (after != before) {
    if (!resize_ || resize_->from() != before) resize_.emplace(before, after, view.channels);
    view = resize_->run(view);
  }
  if (preprocessing_.crop > 0) {
    view = centre_crop(view, static_cast<int>(preprocessing_.crop), preprocessing_.crop_round, "");
  }
  const bool reversed = preprocessing_.order == ChannelOrder::kBgr;
  float* to = out.data();
  for (int channel = 0; channel < view.channels; ++channel) {
    const auto& table = tables_[static_cast<std::size_t>(channel)];
    const int from = reversed ? view.channels - 1 - channel : channel;
    for (int y = 0; y < view.height; ++y) {
      const std::uint8_t* pixel = view.row(y) + from;
      for (int x = 0; x < view.width; ++x, pixel += view.channels) *to++ = table[*pixel];
    }
  }
}

}  // namespace gradus
