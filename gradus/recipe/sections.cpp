#include "gradus/recipe/sections.h"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <limits>

#include "gradus/recipe/field_makers.h"
#include "gradus/recipe/selector.h"

namespace gradus {
namespace {

Field<TensorRecipe> bits() {
  Field<TensorRecipe> field = also(integer("bits", &TensorRecipe::bits, 1, 8, "width of a code"),
                                   {"num_bits", "bit_width"});
  field.values = "an integer from 1 to 8, or 32 (stays float)";
  field.schema = R"({"enum": [1, 2, 3, 4, 5, 6, 7, 8, 32]})";
  field.read = [](TensorRecipe& into, const YAML::Node& node, const std::string&) {
    const auto value = read_integer(node);
    if (!value || ((*value < 1 || *value > 8) && *value != 32)) return false;
    into.bits = static_cast<int>(*value);
    return true;
  };
  return field;
}

Field<TensorRecipe> averaging_constant() {
  Field<TensorRecipe> field;
  field.key = "averaging_constant";
  field.aliases = {"ema_decay"};
  field.values = "a number above 0, at most 1 (ema_decay: 1 - it)";
  // With an alias that means something else: what both allow.
  field.schema = R"({"type": "number", "minimum": 0, "maximum": 1})";
  field.summary = "weight of the newest batch in moving_average_minmax";
  field.read = [](TensorRecipe& into, const YAML::Node& node, const std::string& used) {
    auto value = read_number(node);
    if (value && used == "ema_decay") value = 1.0 - *value;
    if (!value || !(*value > 0.0) || !(*value <= 1.0)) return false;
    into.averaging_constant = static_cast<float>(*value);
    return *into.averaging_constant > 0.0f;
  };
  field.write = [](const TensorRecipe& from) { return member_text(from.averaging_constant); };
  return field;
}

Field<TensorRecipe> percentile() {
  Field<TensorRecipe> field;
  field.key = "percentile";
  field.values = "a number above 50, at most 100";
  field.schema = R"({"type": "number", "exclusiveMinimum": 50, "maximum": 100})";
  field.summary = "per cent of the values that observer percentile keeps";
  field.read = [](TensorRecipe& into, const YAML::Node& node, const std::string&) {
    const auto value = read_number(node);
    if (!value || !(*value > 50.0) || !(*value <= 100.0)) return false;
    into.percentile = static_cast<float>(*value);
    return *into.percentile > 50.0f;
  };
  field.write = [](const TensorRecipe& from) { return member_text(from.percentile); };
  return field;
}

Field<TensorRecipe> range() {
  Field<TensorRecipe> field;
  field.key = "range";
  field.values = "[min, max], two finite numbers, the first below the second";
  field.schema = R"({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2})";
  field.summary = "given instead of observed";
  field.read = [](TensorRecipe& into, const YAML::Node& node, const std::string&) {
    if (!node.IsSequence() || node.size() != 2) return false;
    const auto min = read_number(node[0]);
    const auto max = read_number(node[1]);
    if (!min || !max) return false;
    into.range = {static_cast<float>(*min), static_cast<float>(*max)};
    return std::isfinite((*into.range)[0]) && std::isfinite((*into.range)[1]) &&
           (*into.range)[0] < (*into.range)[1];
  };
  field.write = [](const TensorRecipe& from) -> std::optional<std::string> {
    if (!from.range) return std::nullopt;
    return "[" + yaml_text((*from.range)[0]) + ", " + yaml_text((*from.range)[1]) + "]";
  };
  return field;
}

Section<TensorRecipe> tensor_fields(bool weights) {
  Section<TensorRecipe> fields = {
      bits(),
      text("estimator", &TensorRecipe::estimator, {"ste", "lsq"}, "gradient of the quantizer"),
      text(
          "observer", &TensorRecipe::observer,
          {"minmax", "moving_average_minmax", "mse", "histogram", "percentile", "entropy", "given"},
          "how the range is found"),
      boolean("symmetric", &TensorRecipe::symmetric, "zero_point is 0"),
      boolean("signed", &TensorRecipe::is_signed, "codes go below zero"),
      boolean("narrow_range", &TensorRecipe::narrow_range, "as many codes below zero as above"),
      averaging_constant(),
      percentile(),
      range()};
  if (weights) {
    fields.insert(fields.begin() + 3, boolean("per_channel", &TensorRecipe::per_channel,
                                              "one scale an output channel"));
  }
  return fields;
}

// A list of texts of which each is a selector.
Field<Recipe> ignored_scope() {
  Field<Recipe> field;
  field.key = "ignored_scope";
  field.aliases = {"nodes_to_exclude"};
  field.values = "a list of selectors";
  field.schema = R"({"type": "array", "items": {"type": "string", "minLength": 1}})";
  field.summary = "nodes that stay float";
  field.read = [](Recipe& into, const YAML::Node& node, const std::string&) {
    if (!node.IsSequence()) return false;
    for (const YAML::Node& item : node) {
      const auto value = read_text(item);
      if (!value) return false;
      static_cast<void>(Selector(*value));
      into.ignored_scope.push_back(*value);
    }
    return true;
  };
  field.write = [](const Recipe& from) -> std::optional<std::string> {
    std::string list;
    for (const std::string& item : from.ignored_scope) {
      list += (list.empty() ? "" : ", ") + yaml_text(item);
    }
    return "[" + list + "]";
  };
  return field;
}

Field<TrainingRecipe> milestones() {
  Field<TrainingRecipe> field;
  field.key = "milestones";
  field.values = "a list of rising fractions of all epochs, above 0 and below 1";
  field.schema = R"({"type": "array", "items": )"
                 R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}})";
  field.summary = "where schedule step multiplies lr by gamma";
  field.read = [](TrainingRecipe& into, const YAML::Node& node, const std::string&) {
    if (!node.IsSequence()) return false;
    double last = 0.0;
    for (const YAML::Node& item : node) {
      const auto value = read_number(item);
      if (!value || !(*value > last) || !(*value < 1.0)) return false;
      into.milestones.push_back(last = *value);
    }
    return true;
  };
  field.write = [](const TrainingRecipe& from) -> std::optional<std::string> {
    std::string list;
    for (double item : from.milestones) list += (list.empty() ? "" : ", ") + yaml_text(item);
    return "[" + list + "]";
  };
  return field;
}

Field<TrainingRecipe> betas() {
  Field<TrainingRecipe> field;
  field.key = "betas";
  field.values = "two numbers from 0 to below 1";
  field.schema = R"({"type": "array", "items": )"
                 R"({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, )"
                 R"("minItems": 2, "maxItems": 2})";
  field.summary = "of adam and adamw";
  field.read = [](TrainingRecipe& into, const YAML::Node& node, const std::string&) {
    if (!node.IsSequence() || node.size() != 2) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto value = read_number(node[i]);
      if (!value || !below_one().holds(*value)) return false;
      into.betas[i] = *value;
    }
    return true;
  };
  field.write = [](const TrainingRecipe& from) -> std::optional<std::string> {
    return "[" + yaml_text(from.betas[0]) + ", " + yaml_text(from.betas[1]) + "]";
  };
  return field;
}

Field<TrainingRecipe> warmup_start() {
  Field<TrainingRecipe> field;
  field.key = "warmup_start";
  field.values = "a number from 0 to 1";
  field.schema = fraction().schema();
  field.summary = "where warm-up begins, as a fraction of lr; open: one step above 0";
  field.read = [](TrainingRecipe& into, const YAML::Node& node, const std::string&) {
    const auto value = read_number(node);
    if (value && fraction().holds(*value)) into.warmup_start = *value;
    return into.warmup_start.has_value();
  };
  field.write = [](const TrainingRecipe& from) { return member_text(from.warmup_start); };
  return field;
}

Field<Override> select() {
  Field<Override> field = text("select", &Override::select, {},
                               "the nodes that it is about: name, glob, re:, type:, io:");
  field.values = "a selector, e.g. conv1, layer3.*, re:^fc, type:Conv, io:first, io:last";
  field.read = [](Override& into, const YAML::Node& node, const std::string&) {
    const auto value = read_text(node);
    if (!value) return false;
    static_cast<void>(Selector(*value));
    into.select = *value;
    return true;
  };
  return field;
}

constexpr int kNoLimit = std::numeric_limits<int>::max();

}  // namespace

const Section<Recipe>& root_fields() {
  static const Section<Recipe> fields = {
      integer("version", &Recipe::version, 1, 1, "of the recipe's format"),
      boolean("quantize", &Recipe::quantize, "false: float training"),
      text("data", &Recipe::data, {}, "data SPEC, e.g. cifar10:DIR"), ignored_scope()};
  return fields;
}

const Section<TensorRecipe>& weight_fields() {
  static const Section<TensorRecipe> fields = tensor_fields(true);
  return fields;
}

const Section<TensorRecipe>& activation_fields() {
  static const Section<TensorRecipe> fields = tensor_fields(false);
  return fields;
}

const Section<Override>& override_fields() {
  static const Section<Override> fields = {
      select(), boolean("optional", &Override::optional, "may match no node")};
  return fields;
}

const Section<Recipe>& observer_fields() {
  static const Section<Recipe> fields = {
      number("freeze_at", &Recipe::observer_freeze_at, fraction(),
             "fraction of all epochs after which ranges are frozen")};
  return fields;
}

const Section<Recipe>& bn_fields() {
  static const Section<Recipe> fields = {
      choice("mode", &Recipe::bn,
             {{"separate", BatchNormMode::kSeparate}, {"fold", BatchNormMode::kFold}},
             "batch norm beside the weights, or folded into them before they are quantized"),
      number("freeze_at", &Recipe::bn_freeze_at, fraction(),
             "fraction of all epochs after which statistics are frozen"),
      integer("reestimate_batches", &Recipe::bn_reestimate_batches, 0, kNoLimit,
              "batches that estimate the statistics anew at the end")};
  return fields;
}

const Section<CalibrationRecipe>& calibration_fields() {
  static const Section<CalibrationRecipe> fields = {
      also(integer("images", &CalibrationRecipe::images, 1, kNoLimit, "to find the ranges"),
           {"subset_size", "calib_size"}),
      integer("batch_size", &CalibrationRecipe::batch_size, 1, 1 << 20, "images at once"),
      seed(&CalibrationRecipe::seed, "of the choice of images")};
  return fields;
}

const Section<TrainingRecipe>& training_fields() {
  using T = TrainingRecipe;
  static const Section<T> fields = {
      integer("epochs", &T::epochs, 1, 1 << 20, "passes over the training split"),
      integer("batch_size", &T::batch_size, 1, 1 << 20, "images in one step"),
      text("optimizer", &T::optimizer, {"sgd", "adam", "adamw", "rmsprop", "adagrad"},
           "the optimiser"),
      also(number("lr", &T::lr, above_zero(), "largest learning rate"), {"learning_rate"}),
      number("momentum", &T::momentum, below_one(), "of sgd and rmsprop"),
      boolean("nesterov", &T::nesterov, "of sgd"),
      betas(),
      also(number("smoothing", &T::smoothing, below_one(), "of rmsprop"), {"alpha"}),
      also(number("epsilon", &T::epsilon, above_zero(), "of all optimisers but sgd"), {"eps"}),
      number("weight_decay", &T::weight_decay, at_least_zero(), "on weights alone"),
      text("schedule", &T::schedule,
           {"cosine", "cosine_restarts", "step", "exponential", "polynomial", "one_cycle",
            "constant"},
           "of the learning rate"),
      milestones(),
      number("gamma", &T::gamma, {0.0, 1.0, true, "a number above 0, at most 1"},
             "factor at each milestone; of exponential, over the whole training"),
      number("min_lr", &T::min_lr, at_least_zero(), "where cosine, polynomial and one_cycle end"),
      number("power", &T::power, above_zero(), "of polynomial"),
      number("restart_after", &T::restart_after, {0.0, 1.0, true, "a number above 0, at most 1"},
             "first period of cosine_restarts, as a fraction of all epochs"),
      integer("restart_factor", &T::restart_factor, 1, 1 << 10,
              "how many times as long each period is as the one before"),
      number("warmup_epochs", &T::warmup_epochs, at_least_zero(), "lr rises linearly from 0"),
      warmup_start(),
      number("clip_grad_norm", &T::clip_grad_norm, at_least_zero(), "0: gradients are not clipped"),
      number("quantizer_lr", &T::quantizer_lr, at_least_zero(), "factor on lr for learned scales"),
      number("label_smoothing", &T::label_smoothing, below_one(), "0: none"),
      integer("validation_images", &T::validation_images, 0, kNoLimit,
              "held out of the training split to choose the best epoch by"),
      seed(&T::seed, "of shuffling, augmentation and initialisation")};
  return fields;
}

const Section<Recipe>& numerics_fields() {
  static const Section<Recipe> fields = {
      choice("requantize", &Recipe::profile,
             {{"ieee32", Profile::kIeee32}, {"fixed31", Profile::kFixed31}},
             "how accumulators become codes (docs/numerics.md)"),
      boolean("islands", &Recipe::islands,
              "operators that integers cannot compute run in float; false: they are refused")};
  return fields;
}

}  // namespace gradus
