// One use of a float operator as plain data: everything but the numbers that it computes with. What
// an island of the integer engine holds, and what evaluation while training runs in its place, so
// that both give the same bits. docs/numerics.md section 9.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gradus/floatops/float_op.h"

namespace gradus::floatops {

enum class InputKind { kLeftOut, kData, kConstant };

struct CallInput {
  InputKind kind = InputKind::kData;
  Shape shape;                // every dimension known; the batch is 1
  std::vector<float> values;  // of a constant
  bool operator==(const CallInput&) const = default;
};

struct FloatCall {
  std::string type;  // in float_ops()
  std::map<std::string, AttributeValue> attributes;
  std::vector<CallInput> inputs;
  Shape output;
  // Clamp of the result: a fused activation. NaN stays NaN.
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  bool operator==(const FloatCall&) const = default;
};

constexpr std::int64_t kLargestRank = 8;
constexpr std::int64_t kLargestNumber = 1 << 20;  // of attributes
constexpr std::int64_t kLargestTensor = 1 << 28;  // elements
constexpr std::int64_t kLargestDepth = 1 << 20;   // products summed for one output
constexpr std::int64_t kLargestWindow = 1 << 20;  // elements of a pool's window

// Holds a call from an untrusted file to what its operator may be run with: shapes, attributes and
// the sizes above; nothing is read or written out of bounds afterwards, and no attribute is
// missing. Throws Error (kUnsupported), without a place: "Softmax: axis is 7; expected 0 to 3".
void check_call(const FloatCall& call);

// Multiply-accumulates of Conv, ConvTranspose, Gemm and MatMul; 0 of others.
std::int64_t call_macs(const FloatCall& call);

// A call that can be run.
class BoundCall {
 public:
  // Throws as check_call().
  explicit BoundCall(FloatCall call);

  const FloatCall& call() const noexcept { return call_; }
  // Inputs of kind kData, and their elements.
  std::size_t data_inputs() const noexcept { return data_inputs_.size(); }
  std::int64_t elements(std::size_t data_input) const;
  std::int64_t output_elements() const noexcept { return output_elements_; }

  // `data`: one pointer a data input, in order. Allocates what the operator needs for itself.
  // Several threads may run one call.
  void run(std::span<const float* const> data, float* out) const;

 private:
  FloatCall call_;
  const FloatOp* op_;
  Attributes attributes_;
  std::vector<std::size_t> data_inputs_;  // positions in call_.inputs
  std::int64_t output_elements_;
};

}  // namespace gradus::floatops
