#include <torch/csrc/autograd/custom_function.h>

#include "gradus/fakequant/estimator.h"

namespace gradus {
namespace {

class LearnedStep : public torch::autograd::Function<LearnedStep> {
 public:
  // `scale` is quantizer.scale, given by itself so that autograd sees it.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& scale, FakeQuantizer quantizer, double factor) {
    quantizer.in_place = false;  // the backward pass needs x
    at::Tensor y = fake_quantize(x, quantizer);
    context->save_for_backward({x, scale});
    context->saved_data["zero_point"] =
        std::vector<std::int64_t>(quantizer.zero_point.begin(), quantizer.zero_point.end());
    context->saved_data["quant_min"] = std::int64_t{quantizer.grid.quant_min};
    context->saved_data["quant_max"] = std::int64_t{quantizer.grid.quant_max};
    context->saved_data["binary"] = quantizer.grid.binary;
    context->saved_data["axis"] = quantizer.axis;
    context->saved_data["clamp_min"] = static_cast<double>(quantizer.clamp_min);
    context->saved_data["clamp_max"] = static_cast<double>(quantizer.clamp_max);
    context->saved_data["factor"] = factor;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    FakeQuantizer quantizer;
    quantizer.scale = saved[1];
    for (std::int64_t z : data["zero_point"].toIntVector()) {
      quantizer.zero_point.push_back(static_cast<std::int32_t>(z));
    }
    quantizer.grid = {static_cast<std::int32_t>(data["quant_min"].toInt()),
                      static_cast<std::int32_t>(data["quant_max"].toInt()),
                      data["binary"].toBool()};
    quantizer.axis = data["axis"].toInt();
    quantizer.clamp_min = static_cast<float>(data["clamp_min"].toDouble());
    quantizer.clamp_max = static_cast<float>(data["clamp_max"].toDouble());
    auto [gx, gscale] = learned_step_backward(saved[0], gradients[0], quantizer);
    return {gx, gscale * data["factor"].toDouble(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor apply(const at::Tensor& x, const FakeQuantizer& quantizer, double scale_gradient) {
  if (!at::GradMode::is_enabled() || !(x.requires_grad() || quantizer.scale.requires_grad())) {
    return fake_quantize(x, quantizer);
  }
  return LearnedStep::apply(x, quantizer.scale, quantizer, scale_gradient);
}

}  // namespace

// vbar = round(clip(v / s, -Qn, Qp)), vhat = vbar * s (eq. 1, 2). The gradient for s is vbar - v /
// s inside, -Qn or Qp outside (eq. 3); for v it is 1 inside, 0 outside (eq. 5). A zero point shifts
// codes, -Qn = quant_min - zero_point and Qp = quant_max - zero_point, and is not learned.
Estimator lsq_estimator() {
  return {.name = "lsq",
          .reference = "Esser et al., arXiv:1902.08153v3, eq. 1-3 and 5",
          .learns_scale = true,
          .apply = apply};
}

}  // namespace gradus
