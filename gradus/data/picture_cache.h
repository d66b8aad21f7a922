// Decoded pictures, kept: decoding a JPEG costs more than a small network's step. What comes out of
// a cache is what decoding gives, to the byte; it only costs memory or disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gradus/data/picture.h"

namespace gradus {

class PictureCache {
 public:
  virtual ~PictureCache() = default;
  // Picture `index`, in the cache's own storage or in `scratch`. Safe from several threads at once.
  virtual PictureView load(std::int64_t index, Picture& scratch) const = 0;
};

// Makes picture `index`, in storage that lasts as long as `scratch` is untouched.
using MakePicture = std::function<PictureView(std::int64_t index, Picture& scratch)>;

// `where` is "memory": pictures are kept as they are first made, up to limits.h's bound; the rest
// is made anew every time. Otherwise it is a folder, made if it is missing, in which one file named
// by `key` holds all pictures: made at once, by all cores, whole or not at all, and mapped from
// then on. A file of that name that is no cache, or is damaged, is made anew. Throws Error:
// kInvalidArgument if the pictures pass limits.h's bound on disk, kFailed if the disk is full, and
// what `make` throws.
std::unique_ptr<PictureCache> make_picture_cache(const std::string& where, std::int64_t count,
                                                 std::uint64_t key, MakePicture make);

}  // namespace gradus
