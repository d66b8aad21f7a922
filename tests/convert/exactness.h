// Recipes of every width, and a converted network held to graph_codes, tensor by tensor.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <vector>

#include "gradus/base/rng.h"
#include "gradus/convert/convert.h"
#include "gradus/prepare/prepare.h"
#include "gradus/runtime/reference.h"
#include "tests/convert/graph_codes.h"

namespace gradus::testing_exactness {

struct Case {
  int weight_bits;
  int activation_bits;
  bool per_channel;
  bool symmetric;
  Profile profile;
  BatchNormMode bn;
};

inline void PrintTo(const Case& c, std::ostream* out) {
  *out << "w" << c.weight_bits << "a" << c.activation_bits
       << (c.per_channel ? "_channel" : "_tensor") << (c.symmetric ? "_symmetric_" : "_asymmetric_")
       << profile_name(c.profile) << (c.bn == BatchNormMode::kFold ? "_fold" : "_separate");
}

inline std::vector<Case> cases() {
  std::vector<Case> list;
  for (int bits = 1; bits <= 8; ++bits) {
    for (bool symmetric : {true, false}) {
      if (bits == 1 && !symmetric) continue;  // {-1, +1} has no zero point
      for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
        for (BatchNormMode bn : {BatchNormMode::kSeparate, BatchNormMode::kFold}) {
          const bool per_channel = bits % 2 == (bn == BatchNormMode::kFold);
          list.push_back({bits, 9 - bits, per_channel, symmetric, profile, bn});
          list.push_back({bits, bits, !per_channel, symmetric, profile, bn});
        }
      }
    }
  }
  return list;
}

inline Graph prepared(Graph graph, const Case& c, std::uint64_t seed) {
  Recipe recipe;
  recipe.weights.bits = c.weight_bits;
  recipe.weights.per_channel = c.per_channel;
  recipe.weights.symmetric = c.symmetric;
  recipe.activations.bits = c.activation_bits;
  recipe.activations.symmetric = !c.symmetric && c.activation_bits > 1;
  recipe.bn = c.bn;
  prepare(graph, recipe);
  calibrate_at_random(graph, seed);
  return graph;
}

inline std::vector<float> picture(std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> image(size);
  for (float& x : image) x = rng.uniform(-2.0f, 3.0f);
  return image;
}

// Returns how many codes were compared.
inline std::size_t expect_equal(const Graph& graph, const QModel& model,
                                const std::vector<float>& image) {
  const auto expected = graph_codes(graph, model.profile, image);
  const auto found = run_reference(model, image, 1);
  std::size_t compared = 0;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const QTensor& tensor = model.tensors[i];
    const auto match = expected.find(tensor.name);
    if (match == expected.end()) continue;
    seen.insert(tensor.name);
    EXPECT_EQ(found[i].codes, match->second.codes) << tensor.name;
    if (tensor.kind == QTensorKind::kFloat) {
      EXPECT_EQ(found[i].values, match->second.reals) << tensor.name;
    }
    compared += found[i].codes.size();
  }
  EXPECT_EQ(seen.size(), expected.size());
  return compared;
}

}  // namespace gradus::testing_exactness
