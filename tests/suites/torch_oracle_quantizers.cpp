// Fake quantization, learned scales, observers and integer convolutions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gradus/base/error.h"
#include "gradus/fakequant/estimator.h"
#include "gradus/fakequant/observer.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/reference.h"
#include "tests/suites/torch_oracle.h"

namespace gradus::torch_oracle {
namespace {

FakeQuantizer quantizer_of(const SuiteCase& c) {
  FakeQuantizer quantizer;
  quantizer.grid = {static_cast<std::int32_t>(c.integer("qmin")),
                    static_cast<std::int32_t>(c.integer("qmax")), false};
  quantizer.scale = c.has("scale") ? at::tensor({c.real("scale")}, at::kFloat)
                                   : floats(c, "scale").reshape({-1}).contiguous();
  const at::Tensor zero = c.has("zero_point") ? at::tensor({c.real("zero_point")}, at::kFloat)
                                              : at::round(floats(c, "zero_point").reshape({-1}));
  for (std::int64_t i = 0; i < zero.numel(); ++i) {
    quantizer.zero_point.push_back(static_cast<std::int32_t>(zero[i].item<float>()));
  }
  quantizer.axis = c.integer_or("axis", 0);
  return quantizer;
}

// A tensor of one entry a channel in a shape that broadcasts over x.
at::Tensor over(const at::Tensor& x, const at::Tensor& channels, std::int64_t axis) {
  Shape shape(static_cast<std::size_t>(x.dim()), 1);
  if (channels.numel() > 1) shape[static_cast<std::size_t>(axis)] = channels.numel();
  return channels.reshape(shape);
}

QuantizerSpec spec_of(const SuiteCase& c, bool per_channel) {
  const std::int64_t low = c.integer("quant_min"), high = c.integer("quant_max");
  QuantizerSpec spec;
  spec.is_signed = low < 0;
  spec.bits = static_cast<int>(std::lround(std::log2(static_cast<double>(high - low + 1))));
  spec.narrow_range = (high - low) % 2 == 0;
  spec.per_channel = per_channel;
  if (per_channel) spec.axis = static_cast<int>(c.integer("axis"));
  if (spec.grid() != Grid{static_cast<std::int32_t>(low), static_cast<std::int32_t>(high), false}) {
    throw Error(ErrorCode::kUnsupported, "the codes are no grid of 1 to 8 bits");
  }
  return spec;
}

double squared_error(const at::Tensor& x, float scale, std::int32_t zero_point, const Grid& grid) {
  const FakeQuantizer q{
      .grid = grid, .scale = at::tensor({scale}, at::kFloat), .zero_point = {zero_point}};
  return (x - fake_quantize(x, q)).to(at::kDouble).square().sum().item<double>();
}

// Torch's search is another one: ours must lose no more than it, over all batches so far.
void note_histogram(const SuiteCase& c, Notes& notes) {
  const QuantizerSpec spec = spec_of(c, false);
  const at::Tensor batches = floats(c, "batches");
  const auto observer = find_observer("histogram").make({.spec = spec});
  for (std::int64_t i = 0; i < batches.size(0); ++i) {
    observer->observe(batches[i].contiguous());
    observer->end_batch();
  }
  const auto ours = parameters_of(observer->ranges(), spec);
  const at::Tensor scale = floats(c, "scale").reshape({-1});
  const at::Tensor zero = floats(c, "zero_point").reshape({-1});
  const at::Tensor all = batches.reshape({-1}).contiguous();
  const double torchs = squared_error(
      all, scale[-1].item<float>(), static_cast<std::int32_t>(zero[-1].item<float>()), spec.grid());
  const double mine = squared_error(all, ours.scale[0], ours.zero_point[0], spec.grid());
  EXPECT_LE(mine, torchs * 1.02) << "squared error beside torch's";
  notes.lines.push_back(mine < 0.98 * torchs ? "informative: less squared error than torch's"
                                             : "informative: squared error as torch's");
}

// What one batch of an observer gave, against what torch's gave.
struct Expected {
  at::Tensor min, max, scale, zero_point;  // [channels]; min and max may be undefined
};

void expect_ranges(const SuiteCase& c, std::span<const Range> ranges, const QuantizerSpec& spec,
                   const Expected& expected) {
  const auto parameters = parameters_of(ranges, spec);
  ASSERT_EQ(static_cast<std::int64_t>(ranges.size()), expected.scale.numel());
  const bool affine = c.text("qscheme").find("affine") != std::string::npos;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Range& range = ranges[i];
    if (expected.min.defined()) {
      const float min = expected.min[at].item<float>(), max = expected.max[at].item<float>();
      EXPECT_NEAR(range.min, min, 1e-6 * std::abs(min));
      EXPECT_NEAR(range.max, max, 1e-6 * std::abs(max));
    }
    const float scale = expected.scale[at].item<float>();
    const auto zero_point = static_cast<std::int32_t>(expected.zero_point[at].item<float>());
    // Torch's least scale is its eps; ours is smaller.
    const double eps = c.real("eps");
    if (!affine) {
      // Torch's symmetric step is half the codes' number, ours the largest code (numerics.md (3)):
      // the range must be the same one.
      const double reach = std::max({-range.min, range.max, 0.0f});
      const double codes = static_cast<double>(spec.grid().quant_max - spec.grid().quant_min);
      EXPECT_NEAR(std::max(2.0 * reach / codes, eps), scale, 1e-6 * scale);
      continue;
    }
    EXPECT_NEAR(std::max(static_cast<double>(parameters.scale[i]), eps), scale, 1e-6 * scale);
    EXPECT_EQ(parameters.zero_point[i], zero_point);
  }
}

// A convolution of codes as a model of the engine.
QModel model_of(const SuiteCase& c) {
  const Shape x = c.array("x").shape, w = c.array("w").shape, y = c.array("y").shape;
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  QModel model;
  model.name = c.name();
  QTensor input{.name = "x", .kind = QTensorKind::kFloat};
  input.channels = narrow(x[1]);
  input.height = narrow(x[2]);
  input.width = narrow(x[3]);
  QTensor codes = input;
  codes.name = "codes";
  codes.kind = QTensorKind::kCodes;
  codes.grid = {0, 255, false};
  codes.scale = static_cast<float>(c.real("x_scale"));
  codes.zero_point = narrow(c.integer("x_zp"));
  QTensor output = codes;
  output.name = "y";
  output.channels = narrow(y[1]);
  output.height = narrow(y[2]);
  output.width = narrow(y[3]);
  output.scale = static_cast<float>(c.real("y_scale"));
  output.zero_point = narrow(c.integer("y_zp"));
  QConv conv;
  conv.kernel_h = narrow(w[2]);
  conv.kernel_w = narrow(w[3]);
  conv.stride_h = conv.stride_w = narrow(c.integer("stride"));
  conv.pad_top = conv.pad_left = conv.pad_bottom = conv.pad_right = narrow(c.integer("pad"));
  conv.groups = narrow(c.integer("groups"));
  conv.weights = {8, {-128, 127, false}, {}, {0}};
  const at::Tensor ohwi = floats(c, "w").permute({0, 2, 3, 1}).contiguous();
  for (std::int64_t i = 0; i < ohwi.numel(); ++i) {
    conv.weights.codes.push_back(narrow(std::lround(ohwi.const_data_ptr<float>()[i])));
  }
  conv.bias = c.array("bias_i32").integers();
  for (float scale : c.array("w_scale").floats()) {
    conv.output.accumulator_scale.push_back(static_cast<double>(codes.scale) *
                                            static_cast<double>(scale));  // numerics.md (8)
  }
  conv.output.low = 0;
  conv.output.high = 255;
  model.tensors = {input, codes, output};
  model.nodes = {{"quantize", QQuantize{}, {0}, 1}, {"conv", conv, {1}, 2}};
  model.outputs = {2};
  return model;
}

}  // namespace

void judge_fake_quantization(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"scale", "zero_point", "qmin", "qmax", "axis"});
  const at::Tensor x = floats(c, "x").set_requires_grad(true);
  const at::Tensor y = find_estimator("ste").apply(x, quantizer_of(c), 1.0);
  EXPECT_TRUE(at::equal(y, floats(c, "y"))) << "y";
  y.backward(floats(c, "gy"));
  EXPECT_TRUE(at::equal(x.grad(), floats(c, "gx"))) << "gx";
}

// Torch lets everything that rounds onto the grid count as inside; eq. 3 of the paper draws the
// line at the grid's ends. They differ in the half step outside each end alone, by a known amount.
void judge_learnable_scale(const SuiteCase& c, Notes& notes) {
  refuse_other_keys(c, {"qmin", "qmax", "grad_factor", "axis"});
  FakeQuantizer q = quantizer_of(c);
  q.scale.set_requires_grad(true);
  const at::Tensor x = floats(c, "x").set_requires_grad(true);
  const at::Tensor gy = floats(c, "gy");
  const double factor = c.real("grad_factor");
  const at::Tensor y = find_estimator("lsq").apply(x, q, factor);
  EXPECT_TRUE(at::equal(y, floats(c, "y"))) << "y";
  y.backward(gy);

  const at::Tensor zero = over(x, at::tensor(q.zero_point).to(at::kFloat), q.axis);
  const at::Tensor t = x.detach() / over(x, q.scale.detach(), q.axis);
  const at::Tensor low = q.grid.quant_min - zero, high = q.grid.quant_max - zero;
  const at::Tensor r = at::round(t);
  const at::Tensor between =
      at::logical_and(at::logical_and(r >= low, r <= high), at::logical_or(t <= low, t >= high));
  EXPECT_TRUE(at::equal(at::where(between, gy, x.grad()), floats(c, "gx"))) << "gx";
  // There torch has q - t where the paper has q.
  at::Tensor correction = at::where(between, -gy * t, at::zeros_like(t)) * factor;
  std::vector<std::int64_t> others;
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    if (q.scale.numel() == 1 || d != q.axis) others.push_back(d);
  }
  correction = correction.sum(others).reshape(q.scale.sizes());
  const at::Tensor expected = floats(c, "gscale").reshape(q.scale.sizes());
  const double scale = (gy.abs().sum() * factor).item<double>();
  EXPECT_LE((q.scale.grad() + correction - expected).abs().max().item<double>(), 1e-4 * scale)
      << "gscale";
  notes.lines.push_back(
      "gradients less those half a step outside the grid, where the paper has others; zero points "
      "are not learned");
}

void judge_observer(const SuiteCase& c, Notes& notes) {
  refuse_other_keys(c, {"observer", "dtype", "qscheme", "quant_min", "quant_max",
                        "averaging_constant", "eps", "axis"});
  const std::string& name = c.text("observer");
  if (name == "hist") return note_histogram(c, notes);
  const bool per_channel = name == "perchannel_minmax";
  if (name != "ema" && name != "minmax" && !per_channel) {
    ADD_FAILURE() << "no observer is known as '" << name << "'";
    return;
  }
  const QuantizerSpec spec = spec_of(c, per_channel);
  const auto observer =
      find_observer(name == "ema" ? "moving_average_minmax" : "minmax")
          .make({.spec = spec,
                 .averaging_constant = static_cast<float>(c.real_or("averaging_constant", 0.01))});
  // Per channel there is one tensor, of which torch's range is not kept.
  const at::Tensor batches = per_channel ? floats(c, "w").unsqueeze(0) : floats(c, "batches");
  const auto rows = [&](const char* array) {
    return c.has_array(array) ? floats(c, array).reshape({batches.size(0), -1}) : at::Tensor();
  };
  const at::Tensor min = rows("min_val"), max = rows("max_val");
  const at::Tensor scale = rows("scale"), zero_point = rows("zero_point");
  for (std::int64_t i = 0; i < batches.size(0); ++i) {
    observer->observe(batches[i].contiguous());
    observer->end_batch();
    expect_ranges(
        c, observer->ranges(), spec,
        {min.defined() ? min[i] : min, max.defined() ? max[i] : max, scale[i], zero_point[i]});
  }
}

void judge_integer_convolution(const SuiteCase& c, Notes&) {
  refuse_other_keys(c, {"stride", "pad", "groups", "x_scale", "x_zp", "y_scale", "y_zp",
                        "max_diff_vs_float_requant", "n_diff", "n"});
  const QModel model = model_of(c);
  validate(model, c.name());
  const QTensor& in = model.tensors[1];
  const auto stored = c.array("x").integers();
  std::vector<float> images;
  for (std::int32_t code : stored) images.push_back(dequantize(code, in.scale, in.zero_point));
  const std::int64_t batch = c.array("x").shape[0];
  const auto expected = c.array("y").integers();
  const auto reference = run_reference(model, images, batch);
  ASSERT_EQ(reference[1].codes, stored);
  EXPECT_EQ(reference[2].codes, expected) << "reference";
  for (Isa isa : all_isas()) {
    if (!isa_supported(isa)) continue;
    Engine engine(model, {.isa = isa});
    std::vector<std::int32_t> codes(expected.size());
    const OutputBuffer buffer{{}, codes};
    engine.run(images, batch, std::span(&buffer, 1));
    EXPECT_EQ(codes, expected) << isa_name(isa);
  }
}

}  // namespace gradus::torch_oracle
