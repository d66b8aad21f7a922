// A convolution of codes, and what is put behind it: QuantizeLinear or not, where exporters place
// it.
#pragma once

#include <algorithm>
#include <string>

#include "tests/qdq/raw_network.h"

namespace gradus::testing_raw {

// x [1, 2, 4, 4] times 3 in codes: what the operators under test read. The grid of "x" has real
// zero.
inline Raw begin() {
  Raw raw;
  raw.input("x", {-1, 2, 4, 4})
      .grid("x", 0.02f, 128, DType::kUint8)
      .grid("y", 0.07f, 100, DType::kUint8);
  raw.codes("w", {2, 1, 1, 1}, DType::kInt8, {3, -3}).grid("w", 1.0f, 0, DType::kInt8);
  raw.node("QuantizeLinear", {"x", "x_s", "x_z"}, "xq")
      .node("DequantizeLinear", {"xq", "x_s", "x_z"}, "xd");
  raw.node("DequantizeLinear", {"w", "w_s", "w_z"}, "wd");
  return raw.node("Conv", {"xd", "wd"}, "c", {{"group", std::int64_t{2}}});
}

inline Raw& round_y(Raw& raw, const std::string& from, const std::string& to) {
  raw.node("QuantizeLinear", {from, "y_s", "y_z"}, to + ".q");
  return raw.node("DequantizeLinear", {to + ".q", "y_s", "y_z"}, to);
}

// The codes of "y" that the convolution's result is rounded to, [2, 4, 4].
inline Ints codes_of(const Floats& image) {
  Ints codes;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::int32_t acc = (rounded(image[i], 0.02f, 128, 0, 255) - 128) * (i < 16 ? 3 : -3);
    codes.push_back(requantized(acc, 0.02f * 1.0f / 0.07f, 100, 0, 255));
  }
  return codes;
}

inline Floats reals(const Ints& codes) {
  Floats result;
  for (std::int32_t code : codes) result.push_back(static_cast<float>(code - 100) * 0.07f);
  return result;
}

inline bool has(const QModel& model, const std::string& op) {
  return std::any_of(model.nodes.begin(), model.nodes.end(),
                     [&](const QNode& node) { return operator_name(node.op) == op; });
}

}  // namespace gradus::testing_raw
