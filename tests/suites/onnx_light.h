// The networks of the suite onnx-light and the seeded weights of its README. Needs protozero.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gradus/graph/tensor.h"

namespace gradus::testing_support {

// Every .onnx of $GRADUS_DATA/suites/onnx-light, sorted; empty where the suite is not there.
std::vector<std::filesystem::path> onnx_light_networks();

// Weights for the output of every ConstantOfShape whose shape is an initializer, by name: what
// ImportOptions::constants takes.
std::map<std::string, Tensor> seeded_weights(const std::filesystem::path& path);

}  // namespace gradus::testing_support
