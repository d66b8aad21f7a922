#include "tests/suites/onnx_case.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/graph/evaluate.h"
#include "gradus/graph/op.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/onnx.h"
#include "gradus/onnx/read_model.h"
#include "tests/suites/onnx_excuse.h"
#include "tests/support/temporary_folder.h"

namespace gradus::testing_support {
namespace {

namespace fs = std::filesystem;

using Tensors = std::vector<std::optional<Tensor>>;

Tensors read_tensors(const fs::path& folder, const std::string& kind) {
  Tensors tensors;
  for (int i = 0;; ++i) {
    const fs::path path = folder / (kind + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return tensors;
    if (fs::file_size(path) == 0)
      tensors.emplace_back();
    else
      tensors.emplace_back(read_tensor_file(path));
  }
}

// The names that inputs are fed under: without those that initializers give.
std::vector<onnx::InputProto> fed_inputs(const onnx::ModelProto& model) {
  std::set<std::string> known;
  for (const auto& initializer : model.initializers) known.insert(initializer.name);
  std::vector<onnx::InputProto> inputs;
  for (const auto& input : model.inputs) {
    if (!known.contains(input.name)) inputs.push_back(input);
  }
  return inputs;
}

// How much of what is fed is known at import.
enum class Known { kNothing, kIntegers, kAllButFirst, kEverything };

// What differs, to the bit, once the network was written and read again.
std::string after_export(const Graph& graph, std::span<const Tensor> inputs,
                         const std::vector<Tensor>& expected) {
  const TemporaryFolder folder;
  export_onnx(graph, folder.file("m.onnx"));
  ImportOptions options;
  options.evaluation_only = true;
  std::vector<Tensor> found;
  try {
    found = evaluate_graph(import_onnx(folder.file("m.onnx"), options), inputs);
  } catch (const Error& error) {
    return std::string("our own export is refused: ") + error.what();
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string text = difference(found[i], expected[i], 0.0, 0.0);
    if (!text.empty()) return "output " + std::to_string(i) + " after export: " + text;
  }
  return "";
}

// Imports with some inputs known, runs on the others, and compares. Throws Error as import does.
std::string run(const std::string& path, const std::vector<onnx::InputProto>& inputs,
                const Tensors& given, const Tensors& expected, Known known, bool& at_run_time) {
  ImportOptions options;
  options.evaluation_only = true;
  std::map<std::string, Tensor> fed;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i >= given.size() || !given[i]) continue;
    const bool is_float = given[i]->dtype() == DType::kFloat32 && given[i]->size() > 0;
    const bool open = known == Known::kNothing || (known == Known::kIntegers && is_float) ||
                      (known == Known::kAllButFirst && is_float && fed.empty());
    (open ? fed : options.constants).emplace(inputs[i].name, *given[i]);
  }
  const Graph graph = import_onnx(path, options);
  std::vector<Tensor> run_time;
  for (ValueId id : graph.inputs) run_time.push_back(fed.at(graph.value(id).name));
  const std::vector<Tensor> found = evaluate_graph(graph, run_time);
  at_run_time = at_run_time || !run_time.empty();
  if (found.size() != expected.size()) return "another number of outputs";
  for (std::size_t i = 0; i < found.size(); ++i) {
    // ONNX's own tolerance.
    const std::string text = difference(found[i], expected[i].value(), 1e-3, 1e-7);
    if (!text.empty()) return "output " + std::to_string(i) + ": " + text;
  }
  return run_time.empty() ? "" : after_export(graph, run_time, found);
}

// Every way of splitting the inputs that imports must give the right answer; one must import.
Verdict judge_set(const fs::path& folder, const fs::path& set, const onnx::ModelProto& model) {
  const auto inputs = fed_inputs(model);
  const Tensors given = read_tensors(set, "input"), expected = read_tensors(set, "output");
  Verdict verdict{Outcome::kRefused, "", false, ""};
  bool passed = false;
  std::string invalid;
  for (Known known : {Known::kNothing, Known::kIntegers, Known::kAllButFirst, Known::kEverything}) {
    try {
      verdict.text = run((folder / "model.onnx").string(), inputs, given, expected, known,
                         verdict.at_run_time);
      verdict.outcome = verdict.text.empty() ? Outcome::kPassed : Outcome::kWrong;
      if (verdict.outcome == Outcome::kWrong) return verdict;
      passed = true;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInvalidFile) invalid = error.what();
      verdict.text = error.what();
    }
  }
  if (passed) {
    verdict.outcome = Outcome::kPassed;
    verdict.text.clear();
  } else if (!invalid.empty()) {
    verdict = {Outcome::kInvalid, invalid, false, ""};
  } else {
    verdict.outcome = Outcome::kRefused;
  }
  return verdict;
}

template <typename T>
std::string different_elements(const Tensor& found, const Tensor& expected, double rtol,
                               double atol) {
  const auto* a = reinterpret_cast<const T*>(found.bytes().data());
  const auto* b = reinterpret_cast<const T*>(expected.bytes().data());
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    const bool same = a[i] == b[i] || (std::isnan(x) && std::isnan(y)) ||
                      (std::is_floating_point_v<T> && std::abs(x - y) <= atol + rtol * std::abs(y));
    if (!same) {
      return "element " + std::to_string(i) + " is " + std::to_string(x) + "; expected " +
             std::to_string(y);
    }
  }
  return "";
}

}  // namespace

Tensor read_tensor_file(const std::filesystem::path& path) {
  const MappedFile file(path.string());
  const auto bytes = file.bytes();
  onnx::ExternalFiles none(path.string());
  return onnx::read_tensor({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, none)
      .tensor;
}

std::string difference(const Tensor& found, const Tensor& expected, double rtol, double atol) {
  if (found.dtype() != expected.dtype() || found.shape() != expected.shape()) {
    return std::string("is ") + dtype_name(found.dtype()) + " " + to_string(found.shape()) +
           "; expected " + dtype_name(expected.dtype()) + " " + to_string(expected.shape());
  }
  switch (dtype_in_memory(expected.dtype())) {
    case DType::kFloat32:
      return different_elements<float>(found, expected, rtol, atol);
    case DType::kFloat64:
      return different_elements<double>(found, expected, rtol, atol);
    case DType::kInt8:
      return different_elements<std::int8_t>(found, expected, 0, 0);
    case DType::kInt16:
      return different_elements<std::int16_t>(found, expected, 0, 0);
    case DType::kInt32:
      return different_elements<std::int32_t>(found, expected, 0, 0);
    case DType::kInt64:
      return different_elements<std::int64_t>(found, expected, 0, 0);
    case DType::kUint16:
      return different_elements<std::uint16_t>(found, expected, 0, 0);
    case DType::kUint32:
      return different_elements<std::uint32_t>(found, expected, 0, 0);
    case DType::kUint64:
      return different_elements<std::uint64_t>(found, expected, 0, 0);
    default:
      return different_elements<std::uint8_t>(found, expected, 0, 0);
  }
}

Verdict judge_onnx_case(const std::filesystem::path& folder) {
  Verdict verdict;
  try {
    const MappedFile file((folder / "model.onnx").string());
    onnx::ExternalFiles files((folder / "model.onnx").string());
    onnx::ModelProto model;
    try {
      model = onnx::read_model(file.bytes(), files);
    } catch (const Error& error) {
      const bool refused = error.code() == ErrorCode::kUnsupported;
      return {refused ? Outcome::kRefused : Outcome::kInvalid, error.what(), false,
              excuse_of_file(error.what())};
    }
    const std::string excuse = excuse_of(model);
    for (const auto& set : fs::directory_iterator(folder)) {
      if (!set.is_directory()) continue;
      try {
        verdict = judge_set(folder, set.path(), model);
      } catch (const Error& error) {  // a type of tensor that is not read
        verdict = {Outcome::kRefused, error.what(), false, ""};
      }
      if (verdict.outcome != Outcome::kPassed) break;
    }
    verdict.excuse = excuse;
  } catch (const std::exception& problem) {
    verdict = {Outcome::kCrashed, problem.what(), false, ""};
  }
  return verdict;
}

}  // namespace gradus::testing_support
