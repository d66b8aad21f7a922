// The losses of a classifier's logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace gradus {

struct CrossEntropyOptions {
  double label_smoothing = 0.0;      // [0, 1): that much of the target is spread over all classes
  std::int64_t ignore_index = -100;  // a label that does not count
  at::Tensor class_weights = {};     // [classes] or undefined: all 1
  bool sum = false;                  // over the samples, instead of their weighted mean
};

// Of softmax(logits) against the labels. logits [n, classes] float32, labels [n] int64 in
// [0, classes) or ignore_index. (Label smoothing: Szegedy et al., arXiv:1512.00567v3, section 7.)
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels,
                         const CrossEntropyOptions& options = {});

// T^2 * KL(softmax(teacher / T) || softmax(student / T)), the mean over samples: what the student
// learns from a teacher's logits. Both [n, classes] float32; no gradient reaches the teacher.
// temperature > 0. (Hinton et al., arXiv:1503.02531v1, section 2.)
at::Tensor distillation(const at::Tensor& student, const at::Tensor& teacher, double temperature);

}  // namespace gradus
