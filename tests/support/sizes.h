// Lengths that find the mistakes of vector loops: nothing, one, the tail of a vector, a vector less
// and more than one, several vectors with a tail.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gradus::testing_support {

// Ascending, each once. `width` is the number of items that one step of the loop takes.
inline std::vector<std::size_t> sizes_around(std::size_t width) {
  std::vector<std::size_t> sizes = {0,
                                    1,
                                    2,
                                    3,
                                    width / 2,
                                    width + 1,
                                    2 * width,
                                    2 * width + 1,
                                    4 * width + 3,
                                    8 * width + width / 2};
  if (width > 0) sizes.insert(sizes.end(), {width - 1, width, 2 * width - 1});
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

}  // namespace gradus::testing_support
