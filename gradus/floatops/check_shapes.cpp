// What operators that only move elements, and functions of each element, may be called with.
#include <algorithm>
#include <array>

#include "gradus/base/check.h"
#include "gradus/floatops/call_check.h"
#include "gradus/floatops/cells.h"

namespace gradus::floatops {
namespace {

void check_copy(const CallCheck& at) {
  at.expect_inputs(1, 1);
  if (*element_count(at.in()) != *element_count(at.out())) at.expect_out(at.in());
}

void check_transpose(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const auto rank = at.in().size();
  const auto& perm = at.integers("perm", rank, 0, std::ssize(at.in()) - 1);
  Shape expected;
  for (std::int64_t axis : perm) expected.push_back(at.in()[static_cast<std::size_t>(axis)]);
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < rank; ++i) {
    if (sorted[i] != static_cast<std::int64_t>(i)) at.refuse("perm is no permutation");
  }
  at.expect_out(expected);
}

void check_expand(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.expect_out(at.broadcast(at.in(), at.out()));
}

void check_slice(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const auto& axes = at.axes(at.in(), false);
  const auto& starts = at.integers("starts", axes.size(), 0, kLargestTensor);
  const auto& steps = at.integers("steps", axes.size(), 1, std::int64_t{1} << 62);
  Shape expected = at.in();
  if (at.out().size() != expected.size()) at.expect_out(expected);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    const std::int64_t out = at.out()[axis], in = expected[axis];
    if (starts[i] >= in || (out - 1) > (in - 1 - starts[i]) / steps[i]) {
      at.refuse("reaches past its input of " + to_string(at.in()));
    }
    expected[axis] = out;
  }
  at.expect_out(expected);
}

void check_concat(const CallCheck& at) {
  at.expect_inputs(1, at.call.inputs.size());
  const std::size_t axis = at.axis(at.out());
  Shape expected = at.out();
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < at.call.inputs.size(); ++i) {
    if (!at.given(i) || at.in(i).size() != expected.size()) at.refuse("its inputs do not fit");
    expected[axis] = at.in(i)[axis];
    at.expect_shape(at.in(i), expected);
    sum += at.in(i)[axis];
  }
  expected[axis] = sum;
  at.expect_out(expected);
}

// All of the input: an island that takes one part of it is a Slice.
void check_split(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.axis(at.in());
  at.expect_out(at.in());
}

void check_tile(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const auto& repeats = at.integers("repeats", at.in().size(), 1, kLargestNumber);
  Shape expected = at.in();
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] *= repeats[i];
  at.expect_out(expected);
}

void check_depth_to_space(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.expect_rank(at.in(), 4, 4);
  at.text("mode", {"DCR", "CRD"});
  const std::int64_t block = at.integer("blocksize", 1, 1 << 10);
  const Shape& in = at.in();
  if (in[1] % (block * block) != 0) at.refuse("its block does not divide the channels");
  at.expect_out({in[0], in[1] / (block * block), in[2] * block, in[3] * block});
}

void check_space_to_depth(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.expect_rank(at.in(), 4, 4);
  const std::int64_t block = at.integer("blocksize", 1, 1 << 10);
  const Shape& in = at.in();
  if (in[2] % block != 0 || in[3] % block != 0) at.refuse("its block does not divide the map");
  at.expect_out({in[0], in[1] * block * block, in[2] / block, in[3] / block});
}

void check_gather(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const std::size_t axis = at.axis(at.in());
  const std::int64_t inner = product(at.in(), axis + 1, at.in().size());
  const std::int64_t outer = product(at.in(), 0, axis);
  const std::int64_t count = *element_count(at.out());
  if (count % (inner * outer) != 0) at.refuse("its output of " + to_string(at.out()) + " is odd");
  at.integers("indices", static_cast<std::size_t>(count / (inner * outer)), 0, at.in()[axis] - 1);
}

void check_pad(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const std::size_t rank = at.in().size();
  const auto& pads = at.integers("pads", 2 * rank, 0, kLargestNumber);
  Shape expected = at.in();
  for (std::size_t i = 0; i < rank; ++i) expected[i] += pads[i] + pads[rank + i];
  at.expect_out(expected);
  if (at.call.attributes.contains("value")) at.real("value");
}

constexpr std::array kRules = {CallRule{"Identity", check_copy},
                               CallRule{"Reshape", check_copy},
                               CallRule{"Flatten", check_copy},
                               CallRule{"Squeeze", check_copy},
                               CallRule{"Unsqueeze", check_copy},
                               CallRule{"Transpose", check_transpose},
                               CallRule{"Expand", check_expand},
                               CallRule{"Slice", check_slice},
                               CallRule{"Concat", check_concat},
                               CallRule{"Split", check_split},
                               CallRule{"Tile", check_tile},
                               CallRule{"DepthToSpace", check_depth_to_space},
                               CallRule{"SpaceToDepth", check_space_to_depth},
                               CallRule{"Gather", check_gather},
                               CallRule{"Pad", check_pad}};

}  // namespace

const CallRule* find_shape_rule(const std::string& type) {
  const auto* found = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const CallRule& rule) { return type == rule.type; });
  return found == kRules.end() ? nullptr : found;
}

}  // namespace gradus::floatops
