// The largest integer network that gradus loads. A file is untrusted: every size in it is held to
// these before memory is taken or a product is formed, so that none can overflow 64 bits.
#pragma once

#include <cstdint>

namespace gradus::limits {

inline constexpr std::int64_t kFileBytes = std::int64_t{1} << 30;
inline constexpr std::int64_t kTensors = 1 << 16;
inline constexpr std::int64_t kNodes = 1 << 16;
inline constexpr std::int64_t kNodeInputs = 1 << 12;
inline constexpr std::int64_t kOutputs = 1 << 12;
inline constexpr std::int64_t kExtent = 1 << 20;          // height, width, channels, pad, stride
inline constexpr std::int64_t kTensorElements = 1 << 28;  // of one image
inline constexpr std::int64_t kWeights = 1 << 28;         // of the whole model
inline constexpr std::int64_t kParameters = 1 << 26;      // biases, scales, zero points, inputs
inline constexpr std::int64_t kPoolWindow = 1 << 20;      // elements of an average
inline constexpr std::int64_t kNameBytes = 1 << 10;
inline constexpr std::int64_t kMetadataEntries = 1 << 12;
inline constexpr std::int64_t kMetadataBytes = 1 << 24;  // keys and values together

}  // namespace gradus::limits
