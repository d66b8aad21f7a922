// Whether two graphs are the same but for the order of their values.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gradus/graph/graph.h"

namespace gradus::testing_support {

inline std::vector<std::string> value_names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (ValueId id : ids) names.push_back(id == kNoValue ? "" : graph.value(id).name);
  return names;
}

inline void expect_same_value(const Value& a, const Value& b) {
  SCOPED_TRACE(b.name);
  EXPECT_EQ(a.dtype, b.dtype);
  EXPECT_EQ(a.shape, b.shape);
  ASSERT_EQ(a.constant.has_value(), b.constant.has_value());
  if (!a.constant) return;
  EXPECT_TRUE(std::equal(a.constant->bytes().begin(), a.constant->bytes().end(),
                         b.constant->bytes().begin(), b.constant->bytes().end()));
}

// Attributes without tensors, as those of normal form are.
inline void expect_same_graph(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(value_names(a, a.inputs), value_names(b, b.inputs));
  EXPECT_EQ(value_names(a, a.outputs), value_names(b, b.outputs));
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    SCOPED_TRACE(b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].op, b.nodes[i].op);
    EXPECT_EQ(value_names(a, a.nodes[i].inputs), value_names(b, b.nodes[i].inputs));
    EXPECT_EQ(value_names(a, a.nodes[i].outputs), value_names(b, b.nodes[i].outputs));
    ASSERT_EQ(a.nodes[i].attributes.size(), b.nodes[i].attributes.size());
    for (const auto& [key, value] : b.nodes[i].attributes) {
      ASSERT_TRUE(a.nodes[i].attributes.contains(key)) << key;
      const Attribute& other = a.nodes[i].attributes.at(key);
      ASSERT_EQ(other.index(), value.index()) << key;
      std::visit(
          [&](const auto& known) {
            using T = std::decay_t<decltype(known)>;
            if constexpr (!std::is_same_v<T, Tensor>) {
              EXPECT_EQ(std::get<T>(other), known) << key;
            }
          },
          value);
    }
  }
  ASSERT_EQ(a.values.size(), b.values.size());
  for (const auto& value : b.values) expect_same_value(a.value(a.find_value(value.name)), value);
}

}  // namespace gradus::testing_support
