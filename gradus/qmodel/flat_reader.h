// Reading the parts of the FlatBuffers body, held to totals. Used by read_*.cpp only.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/qmodel/flat.h"
#include "gradus/qmodel/limits.h"
#include "gradus/quant/bitpack.h"
#include "model_generated.h"

namespace gradus {

// Tables may be referred to more than once, so a small file could ask for much memory: what is
// copied out is held to totals.
class FlatReader {
 public:
  explicit FlatReader(const std::string& where) : where_(where) {}

  [[noreturn]] void refuse(const std::string& text) const {
    throw Error(ErrorCode::kInvalidFile, where_ + ": " + text);
  }

  std::string text(const flatbuffers::String* string, std::int64_t longest) const {
    if (string->size() > static_cast<std::uint64_t>(longest)) {
      refuse("a text of " + std::to_string(string->size()) + " bytes; expected at most " +
             std::to_string(longest));
    }
    return string->str();
  }
  std::string name(const flatbuffers::String* string) const {
    return text(string, limits::kNameBytes);
  }

  template <typename T>
  std::vector<T> numbers(const flatbuffers::Vector<T>* vector) {
    take(&parameters_, vector->size(), "parameters");
    return copy(vector);
  }
  // The weights of an island, which stay floats.
  std::vector<float> floats(const flatbuffers::Vector<float>* vector) {
    take(&weights_, vector->size(), "weights");
    return copy(vector);
  }

  QWeights weights(const format::Weights& flat) {
    QWeights result;
    result.bits = flat.bits();
    if (result.bits < 1 || result.bits > 8) {
      refuse("weights of " + std::to_string(result.bits) + " bits; expected 1 to 8");
    }
    result.grid = grid(*flat.grid());
    // Both only so that unpacking is defined; validate() holds the grid to the bits.
    if (result.grid.quant_min < -128 || result.grid.quant_min > 0) {
      refuse("weights whose smallest code is " + std::to_string(result.grid.quant_min));
    }
    take(&weights_, flat.count(), "weights");
    const auto count = static_cast<std::size_t>(flat.count());
    if (flat.packed()->size() != packed_bytes(count, result.bits)) {
      refuse(std::to_string(count) + " weights of " + std::to_string(result.bits) + " bits in " +
             std::to_string(flat.packed()->size()) + " bytes; expected " +
             std::to_string(packed_bytes(count, result.bits)));
    }
    result.codes.resize(count);
    unpack_codes(std::as_bytes(std::span(flat.packed()->data(), flat.packed()->size())),
                 result.bits, result.grid, result.codes);
    result.zero_point = numbers(flat.zero_point());
    return result;
  }

  QOutputStage output_stage(const format::OutputStage& flat) {
    return {numbers(flat.accumulator_scale()), flat.range()->low(), flat.range()->high(),
            flat.float_range()->low(), flat.float_range()->high()};
  }

  static Grid grid(const format::Grid& flat) {
    return {flat.quant_min(), flat.quant_max(), flat.binary()};
  }

 private:
  template <typename T>
  static std::vector<T> copy(const flatbuffers::Vector<T>* vector) {
    // The verifier does not hold the elements of a damaged vector to their alignment.
    std::vector<T> result(vector->size());
    if (!result.empty()) std::memcpy(result.data(), vector->Data(), result.size() * sizeof(T));
    return result;
  }
  void take(std::int64_t* left, std::uint64_t count, const char* what) const {
    if (count > static_cast<std::uint64_t>(*left)) {
      refuse(std::string("more ") + what + " than gradus loads; expected at most " +
             std::to_string(limits::kWeights) + " weights and " +
             std::to_string(limits::kParameters) + " other parameters");
    }
    *left -= static_cast<std::int64_t>(count);
  }

  const std::string& where_;
  std::int64_t weights_ = limits::kWeights;
  std::int64_t parameters_ = limits::kParameters;
};

// For QIsland::call; still to pass validate().
floatops::FloatCall read_island(FlatReader& reader, const format::Island& flat);

}  // namespace gradus
