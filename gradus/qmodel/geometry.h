// Shape arithmetic of the operators: one place for the validator, the engine and its reference.
#pragma once

#include <cstdint>

#include "gradus/qmodel/qmodel.h"
#include "gradus/quant/integer_linear.h"

namespace gradus {

// Positions of a window along one axis: (in + pads - span) / stride + 1 rounded down, span =
// (kernel - 1) * dilation + 1; 0 if the window does not fit. Arguments >= 0 (kernel, dilation and
// stride >= 1) and below 2^20, so that nothing overflows.
constexpr std::int64_t window_positions(std::int64_t in, std::int64_t pad_before,
                                        std::int64_t pad_after, std::int64_t kernel,
                                        std::int64_t dilation, std::int64_t stride) noexcept {
  const std::int64_t room = in + pad_before + pad_after - ((kernel - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

// Elements of one image.
constexpr std::int64_t elements(const QTensor& tensor) noexcept {
  return std::int64_t{tensor.height} * tensor.width * tensor.channels;
}

inline ActivationQuantizer quantizer_of(const QTensor& tensor) noexcept {
  return {tensor.grid, tensor.scale, tensor.zero_point};
}

// Where an element lies, from its number in ONNX's order: channel, row, column.
struct Place {
  std::int32_t channel = 0, row = 0, column = 0;
};
constexpr Place place_of(const QTensor& tensor, std::int32_t number) noexcept {
  const std::int32_t line = number / tensor.width;
  return {line / tensor.height, line % tensor.height, number % tensor.width};
}

// "56x56x64"
std::string shape_text(const QTensor& tensor);

}  // namespace gradus
