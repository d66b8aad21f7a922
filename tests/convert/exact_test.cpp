// Converted networks against graph_codes: every tensor, code by code.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "gradus/convert/convert.h"
#include "gradus/prepare/prepare.h"
#include "gradus/runtime/reference.h"
#include "tests/convert/exactness.h"
#include "tests/prepare/networks.h"

namespace gradus {
namespace {

using testing_exactness::Case;
using testing_exactness::cases;
using testing_exactness::expect_equal;
using testing_exactness::picture;
using testing_exactness::prepared;
using testing_networks::Builder;
using testing_networks::residual_network;

using Integers = std::vector<std::int64_t>;

// Every operator with an integer form, with strides, dilations, groups and pads that differ by
// axis.
Graph every_operator() {
  Builder b(5);
  ValueId x = b.input("image", {-1, 3, 9, 7});
  x = b.relu("stem.relu", b.batch_norm("stem.bn", b.conv("stem", x, 6, 3, 1, true), -1.5f));
  const ValueId wide =
      b.node("wide", "Conv", {x, b.constant("wide.weight", {6, 2, 3, 2}, -1, 1)}, {-1, 6, 5, 8},
             {{"group", std::int64_t{3}},
              {"strides", Integers{2, 1}},
              {"dilations", Integers{1, 2}},
              {"pads", Integers{1, 2, 1, 1}}});
  const ValueId depthwise = b.batch_norm("dw.bn", b.conv("dw", wide, 6, 3, 6));
  const ValueId six =
      b.node("six", "Clip", {depthwise}, {-1, 6, 5, 8}, {{"min", 0.0f}, {"max", 0.5f}});
  const ValueId sum = b.add("sum", six, wide);  // `wide` is read twice
  const ValueId alone = b.relu("alone", wide);
  const ValueId joined = b.concat("join", {sum, alone, b.conv("side", sum, 2, 1)});
  const ValueId cut = b.node("cut", "Slice", {joined}, {-1, 6, 4, 3},
                             {{"starts", Integers{1, 0, 1}},
                              {"ends", Integers{13, 4, 6}},
                              {"axes", Integers{1, 2, 3}},
                              {"steps", Integers{2, 1, 2}}});
  const ValueId padded = b.pad("pad", cut, {0, 1, 0, 2, 0, 0, 1, 0});
  ValueId y = b.node("max", "MaxPool", {padded}, {-1, 7, 3, 5},
                     {{"kernel_shape", Integers{3, 2}},
                      {"strides", Integers{2, 1}},
                      {"pads", Integers{1, 0, 1, 1}}});
  const ValueId counted = b.node("average", "AveragePool", {y}, {-1, 7, 3, 3},
                                 {{"kernel_shape", Integers{2, 3}},
                                  {"strides", Integers{1, 2}},
                                  {"pads", Integers{1, 1, 0, 1}},
                                  {"count_include_pad", std::int64_t{1}}});
  const ValueId plain = b.node("average2", "AveragePool", {y}, {-1, 7, 3, 3},
                               {{"kernel_shape", Integers{2, 3}},
                                {"strides", Integers{1, 2}},
                                {"pads", Integers{1, 1, 0, 1}}});
  y = b.relu("hidden.relu", b.gemm("hidden", b.flatten("flat", b.add("sum2", counted, plain)), 12));
  const ValueId logits = b.gemm("fc", y, 5);
  // A second output: an average that leaves as float.
  b.graph.outputs = {logits, b.global_pool("pool", sum)};
  return std::move(b.graph);
}

class Exact : public testing::TestWithParam<Case> {};

TEST_P(Exact, EveryTensorIsTheGraphsCodeByCode) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const Graph& network : {every_operator(), residual_network()}) {
      const Graph graph = prepared(network, GetParam(), seed);
      ConvertOptions options;
      options.profile = GetParam().profile;
      const QModel model = convert(graph, options);
      const QTensor& in = model.tensors[static_cast<std::size_t>(model.input)];
      const auto size = static_cast<std::size_t>(in.channels * in.height * in.width);
      EXPECT_GT(expect_equal(graph, model, picture(size, seed)), 500u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllRecipes, Exact, testing::ValuesIn(cases()), [](const auto& test) {
  std::ostringstream name;
  PrintTo(test.param, &name);
  return name.str();
});

// A test that compared constant tensors would prove nothing.
TEST(Exact, TheCodesOfTheNetworksVary) {
  const Case c{8, 8, true, true, Profile::kIeee32, BatchNormMode::kSeparate};
  const Graph graph = prepared(every_operator(), c, 1);
  for (const auto& [name, tensor] : graph_codes(graph, c.profile, picture(3 * 9 * 7, 1))) {
    if (tensor.codes.empty()) continue;
    EXPECT_GE(std::set<std::int32_t>(tensor.codes.begin(), tensor.codes.end()).size(), 3u) << name;
  }
}

}  // namespace
}  // namespace gradus
