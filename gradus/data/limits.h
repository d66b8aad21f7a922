// Every bound that files of data are held to, in one place. What a file claims is checked against
// these, and against the file's own size, before memory is taken for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus {

// Pictures: JPEG and PNG files, and what resizing makes.
inline constexpr int kMaxPictureSide = 16384;
inline constexpr std::int64_t kMaxPicturePixels = std::int64_t{64} << 20;
inline constexpr std::uint64_t kMaxPictureFileBytes = std::uint64_t{256} << 20;

// Decoded pictures that are kept (cache=).
inline constexpr std::uint64_t kMaxMemoryCacheBytes = std::uint64_t{8} << 30;
inline constexpr std::uint64_t kMaxDiskCacheBytes = std::uint64_t{256} << 30;

// The text file of imagelist.
inline constexpr std::uint64_t kMaxListBytes = std::uint64_t{256} << 20;
inline constexpr std::size_t kMaxListLineBytes = 4096;
inline constexpr std::int64_t kMaxLabel = 999999;

// The folders of imagefolder.
inline constexpr std::size_t kMaxFolderPictures = std::size_t{1} << 25;
inline constexpr int kMaxFolderDepth = 32;

// Arrays (IDX, npy, npz): the file, and the array once it is inflated.
inline constexpr std::uint64_t kMaxArrayBytes = std::uint64_t{4} << 30;
inline constexpr std::size_t kMaxArrayRank = 8;
inline constexpr std::size_t kMaxNpyHeaderBytes = 65536;
inline constexpr std::size_t kMaxZipEntries = 4096;
inline constexpr std::size_t kMaxZipNameBytes = 1024;

// Deflate makes at most 1032 bytes of one (zlib's technical notes, "Maximum Compression Factor"):
// who claims more lies, and is told so before memory is taken.
inline constexpr std::uint64_t kMaxInflation = 1032;

// Whether `compressed` bytes of deflate can hold `bytes`, and a gigabyte's array is still meant.
constexpr bool can_inflate_to(std::uint64_t compressed, std::uint64_t bytes) {
  return bytes <= kMaxArrayBytes && bytes <= (compressed + 64) * kMaxInflation;
}

}  // namespace gradus
