// RandAugment's operations (Cubuk et al., arXiv:1909.13719v2, section 3) with the ranges that
// torchvision 0.20 gives them, magnitudes of 30.
#include <cmath>
#include <functional>

#include "gradus/base/check.h"
#include "gradus/data/affine.h"
#include "gradus/data/augmentation.h"
#include "gradus/data/enhance.h"

namespace gradus {
namespace {

constexpr int kMaxMagnitude = 30;

// Pixels that a picture is moved at the largest magnitude: 150 of 331 in the paper's pictures.
constexpr double kMaxMove = 150.0 / 331.0;

struct Operation {
  std::string name;
  // `strength` is the magnitude as a part of 1, negative where the sign was drawn so.
  std::function<void(Picture&, double strength)> apply;
};

void apply_affine(Picture& picture, const Affine& matrix) {
  picture = transform(picture.view(), matrix);
}

float factor_of(double strength) { return static_cast<float>(1.0 + 0.9 * strength); }

int bits_of(double strength) {
  return 8 - static_cast<int>(std::nearbyint(4.0 * std::abs(strength)));
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> list = {
      {"identity", [](Picture&, double) {}},
      {"shear_x", [](Picture& p, double s) { apply_affine(p, {1, 0.3 * s, 0, 0, 1, 0}); }},
      {"shear_y", [](Picture& p, double s) { apply_affine(p, {1, 0, 0, 0.3 * s, 1, 0}); }},
      {"translate_x",
       [](Picture& p, double s) {
         apply_affine(p, {1, 0, -std::trunc(kMaxMove * p.width * s), 0, 1, 0});
       }},
      {"translate_y",
       [](Picture& p, double s) {
         apply_affine(p, {1, 0, 0, 0, 1, -std::trunc(kMaxMove * p.height * s)});
       }},
      {"rotate",
       [](Picture& p, double s) { apply_affine(p, rotation(30.0 * s, p.width, p.height)); }},
      {"brightness", [](Picture& p, double s) { adjust_brightness(p, factor_of(s)); }},
      {"color", [](Picture& p, double s) { adjust_saturation(p, factor_of(s)); }},
      {"contrast", [](Picture& p, double s) { adjust_contrast(p, factor_of(s)); }},
      {"sharpness", [](Picture& p, double s) { adjust_sharpness(p, factor_of(s)); }},
      {"posterize", [](Picture& p, double s) { posterize(p, bits_of(s)); }},
      {"solarize",
       [](Picture& p, double s) { solarize(p, static_cast<float>(255.0 - 255.0 * std::abs(s))); }},
      {"autocontrast", [](Picture& p, double) { autocontrast(p); }},
      {"equalize", [](Picture& p, double) { equalize(p); }},
  };
  return list;
}

}  // namespace

const std::vector<std::string>& randaugment_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Operation& operation : operations()) list.push_back(operation.name);
    return list;
  }();
  return names;
}

void randaugment(Picture& picture, std::size_t operation, int magnitude, bool negative) {
  check(operation < operations().size() && magnitude >= 0 && magnitude <= kMaxMagnitude,
        "no such operation of RandAugment");
  const double strength = static_cast<double>(magnitude) / kMaxMagnitude;
  operations()[operation].apply(picture, negative ? -strength : strength);
}

}  // namespace gradus
