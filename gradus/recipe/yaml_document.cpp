#include "gradus/recipe/yaml_document.h"

#include <yaml-cpp/eventhandler.h>

#include <sstream>

#include "gradus/base/error.h"
#include "gradus/recipe/limits.h"

namespace gradus {
namespace {

[[noreturn]] void refuse(const std::string& where, const YAML::Mark& mark,
                         const std::string& text) {
  const int line = mark.is_null() ? 1 : mark.line + 1;
  throw Error(ErrorCode::kInvalidArgument, where + ":" + std::to_string(line) + ": " + text);
}

// Walks the document without building it.
class Guard : public YAML::EventHandler {
 public:
  explicit Guard(const std::string& where) : where_(where) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { node(mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { node(mark, 1); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    node(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void node(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor != 0)
      refuse(where_, mark, "uses an anchor or alias; expected plain YAML: write it out");
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    node(mark, anchor);
    if (++depth_ > kMaxYamlDepth) {
      refuse(where_, mark, "is nested more than " + std::to_string(kMaxYamlDepth) + " deep");
    }
  }

  const std::string& where_;
  int depth_ = 0;
};

}  // namespace

YAML::Node parse_yaml_document(const std::string& text, const std::string& where) {
  if (text.size() > kMaxYamlBytes) {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": is " + std::to_string(text.size()) + " bytes; expected at most 1 MiB");
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Guard guard(where);
    parser.HandleNextDocument(guard);
    YAML::Node root = YAML::Load(text);
    if (parser) {
      Guard second(where);
      if (parser.HandleNextDocument(second)) {
        refuse(where, YAML::Mark::null_mark(), "holds more than one document; expected one");
      }
    }
    return root;
  } catch (const YAML::Exception& error) {
    refuse(where, error.mark, "is not YAML: " + error.msg);
  }
}

}  // namespace gradus
