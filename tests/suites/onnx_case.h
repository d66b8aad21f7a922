// A case of ONNX's own kind: a folder with model.onnx and test_data_set_<n>/input_<i>.pb and
// output_<i>.pb, each a TensorProto; a file of 0 bytes is an optional input that is left out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gradus/graph/tensor.h"

namespace gradus::testing_support {

enum class Outcome {
  kPassed,
  kRefused,  // by name, as what gradus does not compute
  kInvalid,  // refused as malformed, which no case here is
  kWrong,
  kCrashed,  // anything but an Error
};

struct Verdict {
  Outcome outcome = Outcome::kCrashed;
  std::string text;          // the refusal, or where it is wrong
  bool at_run_time = false;  // passed with a float input that import did not know
  // Why the case may be refused; empty: it must pass. Derived from the file and the operators in
  // the code, never from the case's name.
  std::string excuse;
};

Verdict judge_onnx_case(const std::filesystem::path& folder);

// A TensorProto. Throws Error for a type that Tensor does not hold.
Tensor read_tensor_file(const std::filesystem::path& path);

// What differs, or empty: one type, one shape, integers equal, floats within
// atol + rtol * |expected|, NaN where NaN is expected.
std::string difference(const Tensor& found, const Tensor& expected, double rtol, double atol);

}  // namespace gradus::testing_support
