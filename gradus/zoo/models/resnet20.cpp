#include "gradus/zoo/residual.h"

namespace gradus {

ZooModel resnet20_zoo_model() {
  return {"resnet20",
          "32x32, 10 classes, 0.27 M parameters; He et al. 2015, shortcuts without weights",
          [](const ZooOptions& options) { return build_cifar_resnet("resnet20", 3, options); }};
}

}  // namespace gradus
