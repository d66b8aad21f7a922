// Data sets of arrays: images and labels as NumPy keeps them.
#pragma once

#include <memory>
#include <string>

#include "gradus/data/dataset.h"
#include "gradus/data/npy.h"

namespace gradus {

struct NamedArray {
  NpyView array;
  std::string name;  // what messages call it: a file, or a file and an array's name
};

// Images [N, H, W], [N, H, W, C] or [N, C, H, W] (told apart by C being 1, 3 or 4, else by the
// spec's `layout`), or [N, features]; labels [N] or [N, 1], integers from 0. Images of uint8 are
// pictures, with all that pictures can have; those of other numbers are taken as they are, times
// `scale`, less `mean`, over `std`, and can be flipped, padded and cropped but not resized.
// Copies what the spec selects. Throws Error: kInvalidFile if the arrays are no such or disagree,
// kInvalidArgument if the spec does not fit them.
std::unique_ptr<Dataset> make_array_dataset(const DataSpec& spec, const NamedArray& images,
                                            const NamedArray& labels);

}  // namespace gradus
