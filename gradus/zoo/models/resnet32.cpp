#include "gradus/zoo/residual.h"

namespace gradus {

ZooModel resnet32_zoo_model() {
  return {"resnet32",
          "32x32, 10 classes, 0.46 M parameters; He et al. 2015, shortcuts without weights",
          [](const ZooOptions& options) { return build_cifar_resnet("resnet32", 5, options); }};
}

}  // namespace gradus
