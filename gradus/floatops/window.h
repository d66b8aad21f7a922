// The window attributes of Conv, ConvTranspose and the pools in normal form.
#pragma once

#include <array>
#include <cstdint>

#include "gradus/floatops/attributes.h"

namespace gradus::floatops {

struct Window {
  std::array<std::int64_t, 2> kernel, strides, dilations, before;  // height, width
};

inline Window window_of(const Attributes& attributes) {
  const auto pair = [&](const char* key) -> std::array<std::int64_t, 2> {
    const auto& list = attributes.integers(key);
    return {list.at(0), list.at(1)};
  };
  return {pair("kernel_shape"), pair("strides"), pair("dilations"), pair("pads")};
}

}  // namespace gradus::floatops
