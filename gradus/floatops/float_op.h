// Operators on float32, as plain loops that give the same bits on every machine: what constant
// folding computes, what the conformance suites check, and what a float island of the integer
// engine runs. An operator is in one file of floatops/ops/ (closely related ones share a file) and
// has one line in this folder's CMakeLists.txt.
//
// Nodes are in normal form (graph/normal_form.h): every attribute that it names is there, and the
// caller has inferred and checked the shapes. Layout is ONNX's, row-major. Sums are accumulated in
// double in the order of ONNX's axes and rounded to float once; functions such as exp are computed
// in double and rounded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradus/base/shape.h"
#include "gradus/floatops/attributes.h"

namespace gradus::floatops {

struct FloatInput {
  std::span<const float> data;  // null where an optional input is left out
  Shape shape;                  // every dimension known
  bool given() const { return data.data() != nullptr; }
};
struct FloatOutput {
  std::span<float> data;
  Shape shape;
};

// Elements of any type, `width` bytes each: 1, 2, 4 or 8.
struct CellInput {
  const std::byte* data = nullptr;
  Shape shape;
};
struct CellOutput {
  std::byte* data = nullptr;
  Shape shape;
};

using Run = void (*)(const Attributes&, std::span<const FloatInput>, std::span<const FloatOutput>);
using Move = void (*)(const Attributes&, std::size_t width, std::span<const CellInput>,
                      std::span<const CellOutput>);

struct FloatOp {
  std::string type;     // of the node in normal form
  Run run = nullptr;    // computes with floats
  Move move = nullptr;  // only moves elements, of any type; exactly one of the two is there
  // Computes the same with floats that stand for bools and integers (element_type.h). What moves
  // does so anyway; of the others, 1 + 1 may already be a number that no float holds.
  bool numbers = false;
};

using FloatOpFamily = std::vector<FloatOp>;  // what one file defines

// Null if there is no such operator. The pointer lives as long as the program.
const FloatOp* find_float_op(const std::string& type);

// Computes `op` on floats, by run or by move.
void run_float_op(const FloatOp& op, const Attributes& attributes,
                  std::span<const FloatInput> inputs, std::span<const FloatOutput> outputs);

}  // namespace gradus::floatops

namespace gradus {

std::span<const floatops::FloatOpFamily> float_ops();

}  // namespace gradus
