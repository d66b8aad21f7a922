#include "gradus/zoo/residual.h"

namespace gradus {

ZooModel resnet56_zoo_model() {
  return {"resnet56",
          "32x32, 10 classes, 0.85 M parameters; He et al. 2015, shortcuts without weights",
          [](const ZooOptions& options) { return build_cifar_resnet("resnet56", 9, options); }};
}

}  // namespace gradus
