// A part of a data set, as a data set.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gradus/data/dataset.h"

namespace gradus {

// The samples of `base` with these indices, in this order; `samples` is not empty.
std::unique_ptr<Dataset> make_subset(std::unique_ptr<Dataset> base,
                                     std::vector<std::int64_t> samples);

// Which of [0, total) are held out of training to validate by, and which are left: a draw that is
// the same for every training, so that no later one trains on what an earlier one was chosen by;
// and never the end of the list, which in folders of classes is one class. Both in rising order.
struct HeldOut {
  std::vector<std::int64_t> training;
  std::vector<std::int64_t> validation;
};
HeldOut hold_out(std::int64_t total, std::int64_t validation);  // 0 < validation < total

}  // namespace gradus
