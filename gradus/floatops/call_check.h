// What check_call() knows while it looks at one call, and the checks that operators share. Used by
// check_call*.cpp only.
#pragma once

#include <initializer_list>
#include <string>

#include "gradus/floatops/float_call.h"

namespace gradus::floatops {

// Every function throws Error (kUnsupported) for what it does not expect.
struct CallCheck {
  const FloatCall& call;

  const Shape& in(std::size_t i = 0) const { return call.inputs[i].shape; }
  const Shape& out() const { return call.output; }
  bool given(std::size_t i) const {
    return i < call.inputs.size() && call.inputs[i].kind != InputKind::kLeftOut;
  }

  [[noreturn]] void refuse(const std::string& text) const;

  // `least` inputs that are there, and up to `most`, the others there or left out.
  void expect_inputs(std::size_t least, std::size_t most) const;
  void expect_shape(const Shape& found, const Shape& expected) const;
  void expect_out(const Shape& expected) const { expect_shape(out(), expected); }
  void expect_rank(const Shape& shape, std::size_t least, std::size_t most) const;

  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const;
  const std::vector<std::int64_t>& integers(const std::string& key, std::size_t count,
                                            std::int64_t low, std::int64_t high) const;
  float real(const std::string& key) const;  // not NaN
  const std::vector<float>& reals(const std::string& key) const;
  const std::string& text(const std::string& key, std::initializer_list<const char*> allowed) const;
  // An axis of `shape`.
  std::size_t axis(const Shape& shape) const;
  // List `axes`: ascending axes of `shape`, each once. Of Slice in any order.
  const std::vector<std::int64_t>& axes(const Shape& shape, bool ascending) const;
  // numpy's broadcast of two shapes.
  Shape broadcast(const Shape& a, const Shape& b) const;

 private:
  template <typename T>
  const T& get(const std::string& key, const char* type) const;
};

struct CallRule {
  const char* type;
  void (*check)(const CallCheck&);
};

// Null if there is none.
const CallRule* find_shape_rule(const std::string& type);  // check_shapes.cpp: those that move
const CallRule* find_compute_rule(
    const std::string& type);  // check_computes.cpp: those that compute

}  // namespace gradus::floatops
