#include "gradus/onnx/operators.h"

#include <gtest/gtest.h>

#include "tests/onnx/onnx_bytes.h"

namespace gradus::onnx {
namespace {

using testing_support::Bytes;

Bytes node(const std::string& type, const std::string& domain = "") {
  Bytes bytes;
  bytes.text(4, type);
  if (!domain.empty()) bytes.text(7, domain);
  return bytes;
}

Bytes model(const std::vector<Bytes>& nodes) {
  Bytes graph;
  for (const Bytes& one : nodes) graph.message(1, one);
  return Bytes().number(1, 8).message(7, graph);
}

bool is_wanted(const std::string& name) { return name == "Wanted" || name == "some.domain:Wanted"; }

bool found_in(const std::string& bytes) {
  return has_operator(std::as_bytes(std::span(bytes)), is_wanted);
}

TEST(HasOperator, TellsByTypeAndDomain) {
  EXPECT_TRUE(found_in(model({node("Conv"), node("Wanted")}).str()));
  EXPECT_TRUE(found_in(model({node("Wanted", "ai.onnx")}).str()));
  EXPECT_TRUE(found_in(model({node("Wanted", "some.domain")}).str()));
  EXPECT_FALSE(found_in(model({node("Wanted", "other.domain")}).str()));
  EXPECT_FALSE(found_in(model({node("Conv"), node("some.domain:Wanted", "x")}).str()));
  EXPECT_FALSE(found_in(model({}).str()));
}

TEST(HasOperator, FindsNoneInWhatIsDamaged) {
  const std::string whole = model({node("Conv"), node("Wanted")}).str();
  ASSERT_TRUE(found_in(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(found_in(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(found_in(std::string(100, '\xff')));
}

}  // namespace
}  // namespace gradus::onnx
