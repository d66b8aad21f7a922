#include <torch/csrc/autograd/custom_function.h>

#include "gradus/fakequant/estimator.h"

namespace gradus {
namespace {

class StraightThrough : public torch::autograd::Function<StraightThrough> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const FakeQuantizer& quantizer) {
    auto [y, mask] = fake_quantize_with_mask(x, quantizer);
    if (quantizer.in_place) context->mark_dirty({x});
    context->save_for_backward({mask});
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {apply_mask(gradients[0], context->get_saved_variables()[0]), at::Tensor()};
  }
};

at::Tensor apply(const at::Tensor& x, const FakeQuantizer& quantizer, double /*scale_gradient*/) {
  if (!at::GradMode::is_enabled() || !x.requires_grad()) return fake_quantize(x, quantizer);
  return StraightThrough::apply(x, quantizer);
}

}  // namespace

// The gradient passes unchanged where the clamp did not bite.
Estimator ste_estimator() {
  return {.name = "ste",
          .reference =
              "Krishnamoorthi, arXiv:1806.08342v1, section 2.4; binary weights: Courbariaux "
              "et al., arXiv:1602.02830v3, eq. 4",
          .learns_scale = false,
          .apply = apply};
}

}  // namespace gradus
