#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

// 2x(128C3) - MP2 - 2x(256C3) - MP2 - 2x(512C3) - MP2 - FC: Zhang et al. (LQ-Nets),
// arXiv:1807.10029v1, section 5.1.
Graph build_vgg_small(const ZooOptions& options) {
  GraphBuilder b("vgg-small", options.seed);
  ValueId x = b.input("input", {-1, 3, 32, 32});
  for (std::int64_t layer = 0; layer < 6; ++layer) {
    const std::string number = std::to_string(layer + 1);
    x = b.conv("conv" + number, x, std::int64_t{128} << (layer / 2), {.padding = 1});
    x = b.relu("relu" + number, b.batch_norm("bn" + number, x));
    if (layer % 2 == 1) x = b.max_pool("pool" + std::to_string(layer / 2 + 1), x, 2, 2, 0);
  }
  return b.finish(b.linear("fc", b.flatten("flatten", x), options.classes_or(10)), "logits");
}

}  // namespace

ZooModel vgg_small_zoo_model() {
  return {"vgg-small", "32x32, 10 classes, 4.7 M parameters; VGG-Small of the quantization papers",
          build_vgg_small};
}

}  // namespace gradus
