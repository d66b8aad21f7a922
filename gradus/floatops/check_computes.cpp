// What operators that compute may be called with.
#include <algorithm>
#include <array>
#include <cmath>

#include "gradus/floatops/call_check.h"
#include "gradus/floatops/cells.h"
#include "gradus/floatops/element_type.h"

namespace gradus::floatops {
namespace {

void check_unary(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.expect_out(at.in());
}
void check_alpha(const CallCheck& at) {
  check_unary(at);
  at.real("alpha");
}
void check_selu(const CallCheck& at) {
  check_alpha(at);
  at.real("gamma");
}
void check_hard_sigmoid(const CallCheck& at) {
  check_alpha(at);
  at.real("beta");
}
void check_gelu(const CallCheck& at) {
  check_unary(at);
  at.text("approximate", {"none", "tanh"});
}
void check_clip(const CallCheck& at) {
  check_unary(at);
  for (const char* bound : {"min", "max"}) {
    if (at.call.attributes.contains(bound)) at.real(bound);
  }
}

void check_binary(const CallCheck& at) {
  at.expect_inputs(2, 2);
  at.expect_out(at.broadcast(at.in(0), at.in(1)));
}

void check_choice(const CallCheck& at) {
  at.expect_inputs(3, 3);
  at.expect_out(at.broadcast(at.in(0), at.broadcast(at.in(1), at.in(2))));
}

void check_cast(const CallCheck& at) {
  check_unary(at);
  const std::int64_t to = at.integer("to", 0, kLargestNumber);
  if (!element_type(to)) {
    at.refuse("casts to type " + std::to_string(to) +
              "; expected float32, bool or an integer of 8 to 64 bits");
  }
}

// The positions are numbers that a float holds.
void check_search(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const std::size_t axis = at.axis(at.in());
  at.integer("select_last_index", 0, 1);
  constexpr std::int64_t kMostPositions = 1 << 24;
  Shape expected = at.in();
  if (expected[axis] > kMostPositions) {
    at.refuse("searches " + std::to_string(expected[axis]) + " elements; expected at most 2^24");
  }
  expected[axis] = 1;
  at.expect_out(expected);
}

void check_softmax(const CallCheck& at) {
  check_unary(at);
  at.axis(at.in());
}

void check_reduce(const CallCheck& at) {
  at.expect_inputs(1, 1);
  Shape kept, gone;
  const auto& axes = at.axes(at.in(), true);
  for (std::size_t i = 0; i < at.in().size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(i));
    kept.push_back(reduced ? 1 : at.in()[i]);
    if (!reduced) gone.push_back(at.in()[i]);
  }
  if (at.out() != gone) at.expect_out(kept);
}

void check_vector(const CallCheck& at, std::size_t input, std::int64_t size) {
  at.expect_shape(at.in(input), {size});
}

void check_batch_normalization(const CallCheck& at) {
  at.expect_inputs(5, 5);
  at.expect_rank(at.in(), 2, kLargestRank);
  at.expect_out(at.in());
  at.real("epsilon");
  for (std::size_t i = 1; i < 5; ++i) check_vector(at, i, at.in()[1]);
}

void check_instance_normalization(const CallCheck& at) {
  at.expect_inputs(3, 3);
  at.expect_rank(at.in(), 2, kLargestRank);
  at.expect_out(at.in());
  at.real("epsilon");
  for (std::size_t i = 1; i < 3; ++i) check_vector(at, i, at.in()[1]);
}

void check_layer_normalization(const CallCheck& at) {
  at.expect_inputs(3, 3);
  at.expect_out(at.in());
  at.real("epsilon");
  const auto axis = static_cast<std::ptrdiff_t>(at.axis(at.in()));
  const Shape joined(at.in().begin() + axis, at.in().end());
  for (std::size_t i = 1; i < 3; ++i) at.expect_shape(at.in(i), joined);
}

void check_lrn(const CallCheck& at) {
  check_unary(at);
  at.expect_rank(at.in(), 2, kLargestRank);
  at.integer("size", 1, kLargestNumber);
  for (const char* key : {"alpha", "beta", "bias"}) at.real(key);
}

// kernel_shape, strides, dilations, pads; the map has four dimensions.
void check_window(const CallCheck& at) {
  at.expect_rank(at.in(), 4, 4);
  at.expect_rank(at.out(), 4, 4);
  at.integers("kernel_shape", 2, 1, kLargestNumber);
  at.integers("strides", 2, 1, kLargestNumber);
  at.integers("dilations", 2, 1, kLargestNumber);
  at.integers("pads", 4, 0, kLargestNumber);
}

void check_pool(const CallCheck& at) {
  at.expect_inputs(1, 1);
  check_window(at);
  at.expect_shape({at.out()[0], at.out()[1]}, {at.in()[0], at.in()[1]});
  const auto& kernel = at.integers("kernel_shape", 2, 1, kLargestNumber);
  if (kernel[0] * kernel[1] > kLargestWindow) at.refuse("its window is too large");
}
void check_average_pool(const CallCheck& at) {
  check_pool(at);
  at.integer("count_include_pad", 0, 1);
}

void check_global_pool(const CallCheck& at) {
  at.expect_inputs(1, 1);
  at.expect_rank(at.in(), 2, kLargestRank);
  Shape expected(at.in().size(), 1);
  expected[0] = at.in()[0];
  expected[1] = at.in()[1];
  at.expect_out(expected);
}

void check_depth(const CallCheck& at, std::int64_t depth) {
  if (depth > kLargestDepth) {
    at.refuse("sums " + std::to_string(depth) + " products; expected at most " +
              std::to_string(kLargestDepth));
  }
}

// x [N, C, H, W], w [rows, columns, kh, kw], of which `group` parts take C / group channels each.
void check_kernel(const CallCheck& at) {
  at.expect_inputs(2, 3);
  check_window(at);
  at.expect_rank(at.in(1), 4, 4);
  const auto& kernel = at.integers("kernel_shape", 2, 1, kLargestNumber);
  const std::int64_t group = at.integer("group", 1, kLargestNumber);
  at.expect_shape({at.in(1)[2], at.in(1)[3]}, {kernel[0], kernel[1]});
  if (at.in()[1] % group != 0 || at.out()[1] % group != 0) at.refuse("its groups do not fit");
  if (at.given(2)) check_vector(at, 2, at.out()[1]);
}

void check_conv(const CallCheck& at) {
  check_kernel(at);
  const std::int64_t group = at.integer("group", 1, kLargestNumber);
  at.expect_shape({at.in(1)[0], at.in(1)[1]}, {at.out()[1], at.in()[1] / group});
  at.expect_shape({at.out()[0]}, {at.in()[0]});
  check_depth(at, product(at.in(1), 1, 4));
}

void check_conv_transpose(const CallCheck& at) {
  check_kernel(at);
  const std::int64_t group = at.integer("group", 1, kLargestNumber);
  at.expect_shape({at.in(1)[0], at.in(1)[1]}, {at.in()[1], at.out()[1] / group});
  at.expect_shape({at.out()[0]}, {at.in()[0]});
  check_depth(at, at.in()[1] / group);
  const std::int64_t patch = product(at.in(1), 1, 4) * product(at.in(), 2, 4);
  if (product(at.in(1), 1, 4) > kLargestNumber * 64 || patch > kLargestTensor) {
    at.refuse("its patches have more than " + std::to_string(kLargestTensor) + " elements");
  }
}

void check_gemm(const CallCheck& at) {
  at.expect_inputs(2, 3);
  at.expect_rank(at.in(), 2, 2);
  at.expect_rank(at.in(1), 2, 2);
  at.expect_shape({at.in(1)[1]}, {at.in()[1]});
  at.expect_out({at.in()[0], at.in(1)[0]});
  if (at.given(2)) check_vector(at, 2, at.in(1)[0]);
  check_depth(at, at.in()[1]);
}

void check_matmul(const CallCheck& at) {
  at.expect_inputs(2, 2);
  Shape a = at.in(0), b = at.in(1);
  at.expect_rank(a, 1, kLargestRank);
  at.expect_rank(b, 1, kLargestRank);
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  at.expect_shape({b[b.size() - 2]}, {a.back()});
  Shape expected = at.broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (!row) expected.push_back(a[a.size() - 2]);
  if (!column) expected.push_back(b.back());
  at.expect_out(expected);
  check_depth(at, a.back());
}

// Coordinates stay far within 64 bits, and filters small.
void check_resize_axis(const CallCheck& at, double scale, std::int64_t in) {
  constexpr double kLargest = 0x1p16;
  const double length = scale * static_cast<double>(in);
  const bool near_one = length != 1.0 && std::abs(length - 1.0) < 0x1p-10;
  if (!(scale >= 1.0 / kLargest && scale <= kLargest) || near_one) {
    at.refuse("resizes an axis of " + std::to_string(in) + " by " + std::to_string(scale) +
              "; expected 2^-16 to 2^16");
  }
}

void check_resize(const CallCheck& at) {
  at.expect_inputs(1, 1);
  const Shape& in = at.in();
  if (at.out().size() != in.size()) at.expect_out(in);
  at.text("mode", {"nearest", "linear", "cubic"});
  at.text("nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  at.text("coordinate_transformation_mode",
          {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
           "asymmetric", "tf_crop_and_resize"});
  for (const char* key : {"antialias", "exclude_outside"}) at.integer(key, 0, 1);
  for (const char* key : {"cubic_coeff_a", "extrapolation_value"}) at.real(key);
  const auto& scales = at.reals("scales");
  const auto& roi = at.reals("roi");
  if (!scales.empty() && scales.size() != in.size()) at.refuse("its scales do not fit");
  if (!roi.empty() && roi.size() != 2 * in.size()) at.refuse("its region does not fit");
  for (float edge : roi) {
    if (!(std::abs(edge) <= 0x1p16f)) at.refuse("its region is out of bounds");
  }
  std::int64_t between = *element_count(in);  // elements once the axes before are resized
  for (std::size_t i = 0; i < in.size(); ++i) {
    between = between / in[i] * at.out()[i];
    if (between > kLargestTensor) at.refuse("is too large half way");
    const double by = scales.empty() ? static_cast<double>(at.out()[i]) / static_cast<double>(in[i])
                                     : static_cast<double>(scales[i]);
    check_resize_axis(at, by, in[i]);
  }
}

constexpr std::array kRules = {
    CallRule{"Conv", check_conv},
    CallRule{"ConvTranspose", check_conv_transpose},
    CallRule{"Gemm", check_gemm},
    CallRule{"MatMul", check_matmul},
    CallRule{"BatchNormalization", check_batch_normalization},
    CallRule{"InstanceNormalization", check_instance_normalization},
    CallRule{"LayerNormalization", check_layer_normalization},
    CallRule{"LRN", check_lrn},
    CallRule{"MaxPool", check_pool},
    CallRule{"AveragePool", check_average_pool},
    CallRule{"GlobalAveragePool", check_global_pool},
    CallRule{"GlobalMaxPool", check_global_pool},
    CallRule{"Resize", check_resize},
    CallRule{"Softmax", check_softmax},
    CallRule{"LogSoftmax", check_softmax},
    CallRule{"Where", check_choice},
    CallRule{"Cast", check_cast},
    CallRule{"ArgMax", check_search},
    CallRule{"ArgMin", check_search},
    CallRule{"LeakyRelu", check_alpha},
    CallRule{"Elu", check_alpha},
    CallRule{"Celu", check_alpha},
    CallRule{"ThresholdedRelu", check_alpha},
    CallRule{"Swish", check_alpha},
    CallRule{"Selu", check_selu},
    CallRule{"HardSigmoid", check_hard_sigmoid},
    CallRule{"Gelu", check_gelu},
    CallRule{"Clip", check_clip},
};

constexpr std::array kUnary = {"Relu",      "Abs",        "Neg",   "Sqrt", "Exp",      "Log",
                               "Ceil",      "Floor",      "Round", "Sign", "Erf",      "Sin",
                               "Cos",       "Sigmoid",    "Tanh",  "Mish", "Softplus", "Softsign",
                               "HardSwish", "Reciprocal", "Not"};
constexpr std::array kBinary = {"Add",
                                "Sub",
                                "Mul",
                                "Div",
                                "Pow",
                                "Max",
                                "Min",
                                "PRelu",
                                "Equal",
                                "Less",
                                "LessOrEqual",
                                "Greater",
                                "GreaterOrEqual",
                                "And",
                                "Or",
                                "Xor"};
constexpr std::array kReduce = {"ReduceSum",  "ReduceMean", "ReduceMax", "ReduceMin",
                                "ReduceProd", "ReduceL1",   "ReduceL2",  "ReduceSumSquare"};

}  // namespace

const CallRule* find_compute_rule(const std::string& type) {
  static constexpr CallRule kFamilies[] = {
      {"", check_unary}, {"", check_binary}, {"", check_reduce}};
  const auto holds = [&](const auto& names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return type == name; });
  };
  if (holds(kUnary)) return &kFamilies[0];
  if (holds(kBinary)) return &kFamilies[1];
  if (holds(kReduce)) return &kFamilies[2];
  const auto* found = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const CallRule& rule) { return type == rule.type; });
  return found == kRules.end() ? nullptr : found;
}

}  // namespace gradus::floatops
