#include "gradus/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/checkpoint/limits.h"
#include "gradus/checkpoint/safetensors_header.h"

namespace gradus {
namespace {

constexpr const char* kOwnPrefix = "gradus.";
constexpr const char* kCrcKey = "gradus.crc32";
constexpr const char* kVersionKey = "gradus.version";
constexpr const char* kVersion = "1";
constexpr std::size_t kLengthBytes = 8;

[[noreturn]] void refuse(const std::string& path, const std::string& text) {
  throw Error(ErrorCode::kInvalidFile, path + ": " + text);
}

// Of the header without the CRC itself; the data is added to it.
std::uint32_t header_crc(SafetensorsHeader header, const std::string& where) {
  header.metadata.erase(kCrcKey);
  const std::string text = safetensors_header_text(header, where);
  return crc32(std::as_bytes(std::span(text.data(), text.size())));
}

std::string hex(std::uint32_t value) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

// Widest types first, so that each tensor's data is aligned to its type.
SafetensorsHeader lay_out(const Checkpoint& checkpoint, const std::string& path) {
  SafetensorsHeader header;
  header.metadata = checkpoint.metadata;
  for (const auto& [key, text] : checkpoint.metadata) {
    if (key.starts_with(kOwnPrefix)) {
      throw Error(ErrorCode::kInvalidArgument,
                  path + ": metadata key '" + key + "' begins with 'gradus.'; choose another");
    }
  }
  header.metadata[kVersionKey] = kVersion;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name == "__metadata__") {
      throw Error(ErrorCode::kInvalidArgument,
                  path + ": a tensor is named '__metadata__', which the format keeps for itself");
    }
    header.entries.push_back({name, tensor.dtype(), tensor.shape(), 0, tensor.bytes().size()});
  }
  std::stable_sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return dtype_bytes(a.dtype) > dtype_bytes(b.dtype);
  });
  std::uint64_t offset = 0;
  for (auto& entry : header.entries) {
    entry.begin = offset;
    offset = entry.end += offset;
  }
  return header;
}

void check_own_keys(const SafetensorsHeader& header, std::span<const std::byte> data,
                    const std::string& path) {
  const auto own = header.metadata.lower_bound(kOwnPrefix);
  if (own == header.metadata.end() || !own->first.starts_with(kOwnPrefix)) return;
  const auto crc = header.metadata.find(kCrcKey);
  if (crc == header.metadata.end()) {
    refuse(path, "is a gradus checkpoint without its gradus.crc32; the file is damaged");
  }
  if (crc->second != hex(crc32(data, header_crc(header, path)))) {
    refuse(path, "its checksum does not match its content; the file is damaged, use another copy");
  }
  const auto version = header.metadata.find(kVersionKey);
  if (version == header.metadata.end() || version->second != kVersion) {
    refuse(path, "is of a version of gradus checkpoints that is not known here; expected 1");
  }
}

Tensor tensor_from(const SafetensorsEntry& entry, std::span<const std::byte> data,
                   const std::string& path) {
  const auto bytes = data.subspan(entry.begin, entry.end - entry.begin);
  const auto is_bool = [](std::byte b) { return b <= std::byte{1}; };
  if (entry.dtype == DType::kBool && !std::all_of(bytes.begin(), bytes.end(), is_bool)) {
    refuse(path, "tensor '" + entry.name + "' of BOOL has a byte that is neither 0 nor 1");
  }
  Tensor tensor(entry.dtype, entry.shape);
  std::copy(bytes.begin(), bytes.end(), tensor.bytes().begin());
  return tensor;
}

}  // namespace

void save_checkpoint(const Checkpoint& checkpoint, const std::string& path) {
  SafetensorsHeader header = lay_out(checkpoint, path);
  std::uint32_t crc = header_crc(header, path);
  for (const auto& entry : header.entries) {
    crc = crc32(checkpoint.tensors.at(entry.name).bytes(), crc);
  }
  header.metadata[kCrcKey] = hex(crc);
  std::string text = safetensors_header_text(header, path);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxSafetensorsHeader) {
    throw Error(ErrorCode::kInvalidArgument, path + ": names and metadata need " +
                                                 std::to_string(text.size()) +
                                                 " bytes; expected at most 100 MB");
  }
  std::array<std::byte, kLengthBytes> length{};
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<std::byte>(std::uint64_t{text.size()} >> (8 * i));
  }
  write_file_atomically(path, [&](const FileSink& sink) {
    sink(length);
    sink(std::as_bytes(std::span(text.data(), text.size())));
    for (const auto& entry : header.entries) sink(checkpoint.tensors.at(entry.name).bytes());
  });
}

Checkpoint load_checkpoint(const std::string& path) {
  const MappedFile file(path);
  return parse_checkpoint(file.bytes(), path);
}

Checkpoint parse_checkpoint(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() < kLengthBytes) {
    refuse(where, "is " + std::to_string(bytes.size()) +
                      " bytes; expected a safetensors file of at least 8");
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  if (length > kMaxSafetensorsHeader || length > bytes.size() - kLengthBytes) {
    refuse(where, "its header should be " + std::to_string(length) + " bytes in a file of " +
                      std::to_string(bytes.size()) +
                      "; expected a safetensors file, whole, with a header of at most 100 MB");
  }
  const auto data = bytes.subspan(kLengthBytes + length);
  const auto header =
      parse_safetensors_header(bytes.subspan(kLengthBytes, length), data.size(), where);
  check_own_keys(header, data, where);
  Checkpoint checkpoint;
  for (const auto& entry : header.entries) {
    checkpoint.tensors.emplace(entry.name, tensor_from(entry, data, where));
  }
  for (const auto& [key, text] : header.metadata) {
    if (!key.starts_with(kOwnPrefix)) checkpoint.metadata[key] = text;
  }
  return checkpoint;
}

}  // namespace gradus
