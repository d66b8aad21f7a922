#include "gradus/floatops/float_call.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "gradus/base/error.h"
#include "tests/floatops/run_op.h"
#include "tests/support/float_examples.h"

namespace gradus::floatops {
namespace {

using testing_support::example_call;
using testing_support::float_op_types;

bool accepted(const FloatCall& call) {
  try {
    check_call(call);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Runs a call on memory of exactly its sizes, so that a sanitizer sees every step outside.
std::vector<float> run_exactly(const FloatCall& call, Rng& rng) {
  const BoundCall bound(call);
  std::vector<std::unique_ptr<float[]>> data;
  std::vector<const float*> pointers;
  for (std::size_t i = 0; i < bound.data_inputs(); ++i) {
    const auto size = static_cast<std::size_t>(bound.elements(i));
    data.push_back(std::make_unique<float[]>(size));
    std::generate_n(data.back().get(), size, [&] { return rng.uniform(-1.0f, 1.0f); });
    pointers.push_back(data.back().get());
  }
  std::vector<float> out(static_cast<std::size_t>(bound.output_elements()));
  bound.run(pointers, out.data());
  return out;
}

TEST(FloatCall, RunsEveryOperatorAsTheListDoes) {
  for (const std::string& type : float_op_types()) {
    Rng rng(1);
    const FloatCall call = example_call(type, rng);
    ASSERT_TRUE(accepted(call)) << type;
    Rng once(2), again(2);
    const std::vector<float> found = run_exactly(call, once);
    std::vector<testing_support::FloatTensor> inputs;
    for (const CallInput& input : call.inputs) {
      inputs.push_back({input.shape, input.values});
      if (input.kind != InputKind::kData) continue;
      inputs.back().data.resize(static_cast<std::size_t>(*element_count(input.shape)));
      for (float& x : inputs.back().data) x = again.uniform(-1.0f, 1.0f);
    }
    const auto expected = testing_support::run_op(type, call.attributes, inputs, call.output);
    ASSERT_EQ(found.size(), expected.size()) << type;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i])))
          << type << " at " << i << ": " << found[i] << " and " << expected[i];
    }
  }
}

TEST(FloatCall, ClampsTheResult) {
  Rng rng(1);
  FloatCall call = example_call("Neg", rng);
  call.low = -0.25f;
  call.high = 0.5f;
  const std::vector<float> out = run_exactly(call, rng);
  EXPECT_EQ(*std::min_element(out.begin(), out.end()), -0.25f);
  EXPECT_EQ(*std::max_element(out.begin(), out.end()), 0.5f);
  call.low = 1.0f;
  EXPECT_FALSE(accepted(call));
}

TEST(FloatCall, CountsMultiplyAccumulates) {
  Rng rng(1);
  EXPECT_EQ(call_macs(example_call("Conv", rng)), 6 * 2 * 3 * 3 * 6 * 8);
  EXPECT_EQ(call_macs(example_call("ConvTranspose", rng)), 4 * 3 * 2 * 2 * 6 * 8);
  EXPECT_EQ(call_macs(example_call("Gemm", rng)), 192 * 7);
  EXPECT_EQ(call_macs(example_call("MatMul", rng)), 4 * 6 * 5 * 8);
  EXPECT_EQ(call_macs(example_call("Softmax", rng)), 0);
}

TEST(FloatCall, RefusesWhatIsMissingOrTooMuch) {
  for (const std::string& type : float_op_types()) {
    Rng rng(1);
    const FloatCall call = example_call(type, rng);
    FloatCall changed = call;
    changed.inputs.clear();
    EXPECT_FALSE(accepted(changed)) << type << " without inputs";
    changed = call;
    changed.inputs[0].kind = InputKind::kLeftOut;
    EXPECT_FALSE(accepted(changed)) << type << " without its first input";
    changed = call;
    changed.output.push_back(3);
    EXPECT_FALSE(accepted(changed)) << type << " with an output three times as large";
    changed = call;
    changed.inputs[0].shape[1] = 0;
    EXPECT_FALSE(accepted(changed)) << type << " with a dimension of 0";
    changed.inputs[0].shape = {1, 1 << 15, 1 << 15, 1 << 15};
    EXPECT_FALSE(accepted(changed)) << type << " with a huge input";
  }
  Rng rng(1);
  FloatCall unknown = example_call("Relu", rng);
  unknown.type = "Telepathy";
  EXPECT_FALSE(accepted(unknown));
}

// One change to any number, list, shape or name of a call.
void mutate(FloatCall& call, Rng& rng) {
  static constexpr std::int64_t kNumbers[] = {-1, 0,  1,       2,         3,        5,
                                              7,  97, 1 << 20, INT64_MAX, INT64_MIN};
  const auto number = [&] { return kNumbers[rng.below(std::size(kNumbers))]; };
  const auto change_list = [&](auto& list) {
    using T = typename std::decay_t<decltype(list)>::value_type;
    const auto what = rng.below(4);
    if (what == 0) list.push_back(static_cast<T>(number()));
    if (what == 1 && !list.empty()) list.pop_back();
    if (what >= 2 && !list.empty()) list[rng.below(list.size())] = static_cast<T>(number());
  };
  const auto where = rng.below(4);
  if (where == 0) return change_list(call.output);
  if (where == 1) return change_list(call.inputs[rng.below(call.inputs.size())].shape);
  if (call.attributes.empty()) return;
  auto attribute = call.attributes.begin();
  std::advance(attribute, rng.below(call.attributes.size()));
  if (where == 2 && rng.below(4) == 0) {
    call.attributes.erase(attribute);
    return;
  }
  std::visit(
      [&](auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t>)
          value = number();
        else if constexpr (std::is_same_v<T, float>)
          value = static_cast<float>(number());
        else if constexpr (std::is_same_v<T, std::string>)
          value = "cubic";
        else
          change_list(value);
      },
      attribute->second);
}

// What is accepted runs: nothing is read or written out of bounds and nothing is missing.
TEST(FloatCall, RunsWhateverItAccepts) {
  std::int64_t ran = 0, refused = 0;
  for (const std::string& type : float_op_types()) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      Rng rng(seed);
      FloatCall call = example_call(type, rng);
      for (std::uint64_t i = rng.below(3); i-- > 0;) mutate(call, rng);
      if (!accepted(call)) {
        ++refused;
        continue;
      }
      const auto large = [](const Shape& shape) { return *element_count(shape) > 1 << 16; };
      if (large(call.output) || large(call.inputs[0].shape)) continue;
      EXPECT_NO_THROW(run_exactly(call, rng)) << type << ", seed " << seed;
      ++ran;
    }
  }
  EXPECT_GT(ran, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace gradus::floatops
