// Selectors: how a recipe names the nodes it speaks of.
//   conv1         the node of exactly this name
//   layer3.*      a glob over names: * any text, ? one character
//   re:^fc[12]$   an ECMAScript regular expression that matches somewhere in the name
//   type:Conv     every node of an operator
//   io:first      the Conv and Gemm nodes that the network's input reaches first
//   io:last       the Conv and Gemm nodes that reach an output last
#pragma once

#include <memory>
#include <regex>
#include <string>

namespace gradus {

class Selector {
 public:
  enum class Kind { kName, kGlob, kRegex, kType, kFirst, kLast };

  // Throws Error (kInvalidArgument), in one line, if `text` is empty, an unknown io: or a broken
  // regular expression.
  explicit Selector(const std::string& text);

  Kind kind() const noexcept { return kind_; }
  // Whether a node's name or operator is selected; kFirst and kLast need the graph and never are.
  bool matches(const std::string& node_name, const std::string& op) const;

 private:
  Kind kind_ = Kind::kName;
  std::string pattern_;
  std::shared_ptr<const std::regex> regex_;
};

// * any text, ? one character; linear in the text for each *.
bool glob_matches(const std::string& pattern, const std::string& text) noexcept;

}  // namespace gradus
