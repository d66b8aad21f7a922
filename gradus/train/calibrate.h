// Calibration (PTQ): the ranges of weights and activations, written into the graph's quantizers.
// Free of libtorch.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

class Dataset;

// Finds scale and zero point of every quantizer of the prepared `graph` with its own observer:
//   weights      from the constant, per channel along spec.axis or per tensor; binary: mean |w|;
//   activations  from a float forward over recipe.calibration.images samples drawn by its seed,
//                batch by batch; memory does not grow with their number.
// A clamp of the fused activation is applied before a value is observed.
// Signedness of activations is chosen here where the recipe leaves it open: unsigned with zero
// point 0 where the range has no negative part, else unsigned with a zero point (or signed if the
// quantizer is symmetric).
// progress(images done, images in all) may be empty.
// Throws Error (kFailed), naming the value, if its range is not finite.
void calibrate(Graph& graph, const Recipe& recipe, const Dataset& data,
               const std::function<void(std::int64_t, std::int64_t)>& progress = {});

// The samples of a data set of `size` that calibrate() looks at, in its order: the first
// recipe.images of a shuffle by recipe.seed.
std::vector<std::int64_t> calibration_samples(const CalibrationRecipe& recipe, std::int64_t size);

// Whether every quantizer has its parameters.
bool is_calibrated(const Graph& graph);

}  // namespace gradus
