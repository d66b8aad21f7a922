#include "gradus/zoo/residual.h"

namespace gradus {

ZooModel resnet18_zoo_model() {
  return {"resnet18", "224x224, 1000 classes, 11.7 M parameters; He et al. 2015",
          [](const ZooOptions& options) {
            return build_imagenet_resnet("resnet18", {2, 2, 2, 2}, options);
          }};
}

}  // namespace gradus
