#include "gradus/floatops/call_check.h"

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"

namespace gradus::floatops {

void CallCheck::refuse(const std::string& text) const {
  throw Error(ErrorCode::kUnsupported, call.type + ": " + text);
}

void CallCheck::expect_inputs(std::size_t least, std::size_t most) const {
  bool there = call.inputs.size() >= least && call.inputs.size() <= most;
  for (std::size_t i = 0; i < least && there; ++i) there = given(i);
  if (!there) {
    refuse("has " + std::to_string(call.inputs.size()) + " inputs, some left out; expected " +
           std::to_string(least) + (most > least ? " to " + std::to_string(most) : ""));
  }
}

void CallCheck::expect_shape(const Shape& found, const Shape& expected) const {
  if (found != expected) {
    refuse("a shape is " + to_string(found) + "; expected " + to_string(expected));
  }
}

void CallCheck::expect_rank(const Shape& shape, std::size_t least, std::size_t most) const {
  if (shape.size() < least || shape.size() > most) {
    refuse("a shape is " + to_string(shape) + "; expected " + std::to_string(least) +
           (most > least ? " to " + std::to_string(most) : "") + " dimensions");
  }
}

template <typename T>
const T& CallCheck::get(const std::string& key, const char* type) const {
  const auto found = call.attributes.find(key);
  const T* value = found == call.attributes.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) refuse("attribute " + key + " is missing or no " + type);
  return *value;
}

std::int64_t CallCheck::integer(const std::string& key, std::int64_t low, std::int64_t high) const {
  const auto value = get<std::int64_t>(key, "integer");
  if (value < low || value > high) {
    refuse(key + " is " + std::to_string(value) + "; expected " + std::to_string(low) + " to " +
           std::to_string(high));
  }
  return value;
}

const std::vector<std::int64_t>& CallCheck::integers(const std::string& key, std::size_t count,
                                                     std::int64_t low, std::int64_t high) const {
  const auto& list = get<std::vector<std::int64_t>>(key, "list of integers");
  if (list.size() != count) {
    refuse(key + " has " + std::to_string(list.size()) + " entries; expected " +
           std::to_string(count));
  }
  for (std::int64_t value : list) {
    if (value < low || value > high) {
      refuse(key + " holds " + std::to_string(value) + "; expected " + std::to_string(low) +
             " to " + std::to_string(high));
    }
  }
  return list;
}

float CallCheck::real(const std::string& key) const {
  const float value = get<float>(key, "number");
  if (std::isnan(value)) refuse("attribute " + key + " is not a number");
  return value;
}

const std::vector<float>& CallCheck::reals(const std::string& key) const {
  return get<std::vector<float>>(key, "list of numbers");
}

const std::string& CallCheck::text(const std::string& key,
                                   std::initializer_list<const char*> allowed) const {
  const auto& value = get<std::string>(key, "text");
  if (std::none_of(allowed.begin(), allowed.end(), [&](const char* a) { return value == a; })) {
    refuse(key + " is '" + value + "', which is unknown");
  }
  return value;
}

std::size_t CallCheck::axis(const Shape& shape) const {
  return static_cast<std::size_t>(integer("axis", 0, std::ssize(shape) - 1));
}

const std::vector<std::int64_t>& CallCheck::axes(const Shape& shape, bool ascending) const {
  const auto& list = get<std::vector<std::int64_t>>("axes", "list of integers");
  std::vector<std::int64_t> sorted = list;
  std::sort(sorted.begin(), sorted.end());
  const bool once = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  const bool inside = sorted.empty() || (sorted.front() >= 0 && sorted.back() < std::ssize(shape));
  if (!once || !inside || (ascending && sorted != list)) {
    refuse("axes are no different axes of " + to_string(shape) + ", in order");
  }
  return list;
}

Shape CallCheck::broadcast(const Shape& a, const Shape& b) const {
  Shape result(std::max(a.size(), b.size()), 1);
  for (const Shape* shape : {&a, &b}) {
    for (std::size_t i = 0; i < shape->size(); ++i) {
      std::int64_t& size = result[result.size() - shape->size() + i];
      const std::int64_t own = (*shape)[i];
      if (size != 1 && own != 1 && own != size) {
        refuse("the shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
      }
      size = own == 1 ? size : own;
    }
  }
  return result;
}

namespace {

void check_tensor(const CallCheck& at, const Shape& shape) {
  const auto count = element_count(shape);
  const bool positive =
      std::all_of(shape.begin(), shape.end(), [](std::int64_t size) { return size >= 1; });
  if (std::ssize(shape) > kLargestRank || !positive || !count || *count > kLargestTensor) {
    at.refuse("a shape is " + to_string(shape) + "; expected at most " +
              std::to_string(kLargestRank) + " dimensions, each above 0, and " +
              std::to_string(kLargestTensor) + " elements");
  }
}

void check_input(const CallCheck& at, const CallInput& input) {
  if (input.kind == InputKind::kLeftOut) return;
  check_tensor(at, input.shape);
  if (input.kind == InputKind::kConstant &&
      *element_count(input.shape) != std::ssize(input.values)) {
    at.refuse("a constant of shape " + to_string(input.shape) + " has " +
              std::to_string(input.values.size()) + " values");
  }
}

}  // namespace

void check_call(const FloatCall& call) {
  const CallCheck at{call};
  const CallRule* rule = find_shape_rule(call.type);
  if (rule == nullptr) rule = find_compute_rule(call.type);
  if (rule == nullptr || find_float_op(call.type) == nullptr) {
    at.refuse("there is no such operator on floats");
  }
  for (const CallInput& input : call.inputs) check_input(at, input);
  check_tensor(at, call.output);
  if (!(call.low <= call.high)) at.refuse("its clamp is empty");
  rule->check(at);
}

}  // namespace gradus::floatops
