// A small integer network that takes pictures and remembers their preprocessing, as a converted
// one does.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "gradus/qmodel/qmodel.h"

namespace gradus::testing_support {

// side x side pixels of `channels`, a convolution and a fully connected layer to 10 classes.
// `pixels` are the options of the preprocessing: {"mean", "0.5"} becomes "data.pixels.mean".
QModel picture_model(std::int32_t side, std::int32_t channels,
                     const std::map<std::string, std::string>& pixels);

}  // namespace gradus::testing_support
