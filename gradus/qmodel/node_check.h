// What the validator knows while it looks at one node, and the checks that operators share. Used by
// validate() only.
#pragma once

#include <string>

#include "gradus/base/error.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

constexpr bool within(std::int64_t value, std::int64_t low, std::int64_t high) noexcept {
  return value >= low && value <= high;
}

// The numbers of a sliding window, of a convolution or a pool.
struct WindowNumbers {
  std::int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  std::int32_t pad_top, pad_left, pad_bottom, pad_right;
};

// Each expect_ function and refuse() throws Error (kInvalidFile), "<where>: node 'c1' (conv): ...".
struct NodeCheck {
  const QModel& model;
  const QNode& node;
  const std::string& where;

  const QTensor& input(std::size_t i = 0) const {
    return model.tensors[static_cast<std::size_t>(node.inputs[i])];
  }
  const QTensor& output() const { return model.tensors[static_cast<std::size_t>(node.output)]; }

  [[noreturn]] void refuse(const std::string& text) const;

  void expect_inputs(std::size_t count) const;
  void expect_codes(const QTensor& tensor) const;
  void expect_shape(const QTensor& tensor, std::int64_t height, std::int64_t width,
                    std::int64_t channels) const;
  // Of the output's shape, or 1 x 1 of its channels.
  void expect_broadcast(const QTensor& tensor) const;
  void expect_same_quantizer() const;                            // input and output
  void expect_range(std::int32_t low, std::int32_t high) const;  // on the output's grid
  void expect_pads(std::initializer_list<std::int32_t> pads) const;
  // Sane numbers, and an output of the shape that they give with `channels`.
  void expect_window(const WindowNumbers& window, std::int64_t channels) const;
  // Calls `make`; the errors of quant/'s own checks become errors of the file.
  template <typename Make>
  void expect_arithmetic(const Make& make) const {
    try {
      make();
    } catch (const Error& error) {
      refuse(error.what());
    }
  }
};

// One operator, its tensor indices being valid.
void check_operator(const NodeCheck& at);
void check_move(const NodeCheck& at, const QSlice& op);
void check_move(const NodeCheck& at, const QPad& op);
void check_move(const NodeCheck& at, const QFlatten& op);
void check_move(const NodeCheck& at, const QGather& op);
void check_linear(const NodeCheck& at, const QConv& op);
void check_linear(const NodeCheck& at, const QFullyConnected& op);
void check_island(const NodeCheck& at, const QIsland& op);

}  // namespace gradus
