#include <cmath>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/base/nearest_name.h"
#include "gradus/fakequant/estimator.h"
#include "gradus/fakequant/observer.h"

namespace gradus {
namespace {

template <typename Item>
const Item& find_item(std::span<const Item> items, const std::string& name, const char* what) {
  std::vector<std::string> known;
  std::string list;
  for (const Item& item : items) {
    if (name == item.name) return item;
    known.emplace_back(item.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  const std::string nearest = nearest_name(name, known);
  throw Error(ErrorCode::kInvalidArgument,
              std::string(what) + ": '" + name + "' is not known; expected one of " + list +
                  (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

}  // namespace

const Estimator& find_estimator(const std::string& name) {
  return find_item(estimators(), name, "estimator");
}

const ObserverType& find_observer(const std::string& name) {
  return find_item(observers(), name, "observer");
}

double learned_step_gradient_factor(std::int64_t elements, const Grid& grid) {
  return 1.0 / std::sqrt(static_cast<double>(elements) * static_cast<double>(grid.quant_max));
}

QuantizationParameters parameters_of(std::span<const Range> ranges, const QuantizerSpec& spec) {
  QuantizationParameters parameters;
  for (const Range& range : ranges) {
    float scale = 1.0f;
    std::int32_t zero_point = 0;
    choose_parameters(range.min, range.max, spec, &scale, &zero_point);
    parameters.scale.push_back(scale);
    parameters.zero_point.push_back(zero_point);
  }
  return parameters;
}

}  // namespace gradus
