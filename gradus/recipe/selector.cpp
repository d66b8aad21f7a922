#include "gradus/recipe/selector.h"

#include "gradus/base/error.h"
#include "gradus/recipe/limits.h"

namespace gradus {
namespace {

// libstdc++ backtracks otherwise: (a+)+b takes for ever, and each character a level of the stack.
// This way every pattern takes polynomial time; one that refers back to a group is refused.
#ifdef __GLIBCXX__
constexpr auto kSyntax = std::regex::ECMAScript | std::regex_constants::__polynomial;
#else
constexpr auto kSyntax = std::regex::ECMAScript;
#endif

std::shared_ptr<const std::regex> compile(const std::string& pattern) {
  try {
    return std::make_shared<const std::regex>(pattern, kSyntax);
  } catch (const std::regex_error&) {
    throw Error(ErrorCode::kInvalidArgument, "selector 're:" + pattern +
                                                 "' is no regular expression; expected one of "
                                                 "ECMAScript's, e.g. re:^layer[12]\\.");
  }
}

}  // namespace

bool glob_matches(const std::string& pattern, const std::string& text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string::npos;  // where the last * stood, to let it take one more
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Selector::Selector(const std::string& text) : pattern_(text) {
  if (text.empty() || text.size() > kMaxRegexText) {
    throw Error(ErrorCode::kInvalidArgument,
                "selector of " + std::to_string(text.size()) + " characters; expected 1 to 1024");
  }
  if (text.starts_with("io:")) {
    if (text != "io:first" && text != "io:last") {
      throw Error(ErrorCode::kInvalidArgument,
                  "selector '" + text + "' is unknown; expected io:first or io:last");
    }
    kind_ = text == "io:first" ? Kind::kFirst : Kind::kLast;
  } else if (text.starts_with("type:")) {
    kind_ = Kind::kType;
    pattern_ = text.substr(5);
  } else if (text.starts_with("re:")) {
    kind_ = Kind::kRegex;
    pattern_ = text.substr(3);
    regex_ = compile(pattern_);
  } else if (text.find_first_of("*?") != std::string::npos) {
    kind_ = Kind::kGlob;
  }
}

bool Selector::matches(const std::string& node_name, const std::string& op) const {
  switch (kind_) {
    case Kind::kName:
      return node_name == pattern_;
    case Kind::kGlob:
      return glob_matches(pattern_, node_name);
    case Kind::kRegex:
      return node_name.size() <= kMaxRegexText && std::regex_search(node_name, *regex_);
    case Kind::kType:
      return op == pattern_;
    default:
      return false;
  }
}

}  // namespace gradus
