// From the engine's layouts to what leaves it: [batch, channels, height, width].
#pragma once

#include <cstdint>

#include "gradus/kernels/tensor_view.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

// Codes on the tensor's grid of `batch` images in `view`.
void read_codes(const QTensor& tensor, const kernels::ActivationView& view, std::int64_t batch,
                std::int32_t* out) noexcept;

// Floats from codes (dequantized).
void read_dequantized(const QTensor& tensor, const kernels::ActivationView& view,
                      std::int64_t batch, float* out) noexcept;

// Floats from floats [batch, height, width, channels].
void read_values(const QTensor& tensor, const float* in, std::int64_t batch, float* out) noexcept;

}  // namespace gradus
