#include "gradus/train/loss.h"

#include <ATen/ATen.h>

namespace gradus {

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                         const CrossEntropyOptions& options) {
  const auto reduction = options.sum ? at::Reduction::Sum : at::Reduction::Mean;
  return at::cross_entropy_loss(logits, labels, options.class_weights, reduction,
                                options.ignore_index, options.label_smoothing);
}

at::Tensor distillation(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  const at::Tensor target = at::log_softmax(teacher.detach() / temperature, 1);
  const at::Tensor guess = at::log_softmax(student / temperature, 1);
  const at::Tensor divergence = (target.exp() * (target - guess)).sum(1).mean();
  return divergence * (temperature * temperature);
}

}  // namespace gradus
