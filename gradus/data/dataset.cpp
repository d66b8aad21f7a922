#include "gradus/data/dataset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gradus/base/check.h"

namespace gradus {
namespace {

constexpr std::int64_t kHashedSamples = 64;

// Little-endian on every machine, so that the hash is the same everywhere.
std::uint64_t hash_number(std::uint64_t number, std::uint64_t previous) {
  std::array<std::byte, 8> bytes;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(number & 0xff);
    number >>= 8;
  }
  return hash_bytes(bytes, previous);
}

}  // namespace

std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t previous) {
  for (std::byte byte : bytes) {
    previous = (previous ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ULL;
  }
  return previous;
}

Dataset::Dataset(DatasetInfo info) : info_(std::move(info)) {
  check(info_.size > 0 && info_.classes > 0 && info_.shape.elements() > 0, "an empty data set");
}

void Dataset::load(std::int64_t index, std::span<float> image, std::int64_t& label, Rng* augment,
                   Layout layout) const {
  check(index >= 0 && index < size(), "sample index out of range");
  check(std::ssize(image) == shape().elements(), "image buffer of another size");
  label = this->label(index);
  load_image(index, image, augment, layout);
}

std::string Dataset::content_hash() const {
  std::uint64_t hash = hash_number(static_cast<std::uint64_t>(size()), kHashStart);
  for (std::int64_t i = 0; i < size(); ++i) {
    hash = hash_number(static_cast<std::uint64_t>(label(i)), hash);
  }
  const std::int64_t samples = std::min(size(), kHashedSamples);
  for (std::int64_t i = 0; i < samples; ++i)
    hash = hash_number(fingerprint(i * size() / samples), hash);
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15];
  return text;
}

}  // namespace gradus
