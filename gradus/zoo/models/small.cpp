#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

// A few minutes of training, and every kind of layer that matters: strides, a residual sum, a pool.
Graph build_small(const ZooOptions& options) {
  GraphBuilder b("small", options.seed);
  const auto unit = [&](const std::string& number, ValueId x, std::int64_t channels,
                        std::int64_t stride) {
    const ValueId y = b.conv("conv" + number, x, channels, {.stride = stride, .padding = 1});
    return b.relu("relu" + number, b.batch_norm("bn" + number, y));
  };
  ValueId x = b.input("input", {-1, 3, 32, 32});
  x = unit("1", x, 16, 1);
  x = unit("2", x, 32, 2);
  ValueId y = unit("3", x, 32, 1);
  y = b.batch_norm("bn4", b.conv("conv4", y, 32, {.padding = 1}));
  x = b.relu("relu4", b.add("add4", y, x));
  x = unit("5", x, 64, 2);
  x = b.flatten("flatten", b.global_average_pool("avgpool", x));
  return b.finish(b.linear("fc", x, options.classes_or(10)), "logits");
}

}  // namespace

ZooModel small_zoo_model() {
  return {"small", "32x32, 10 classes, 43 k parameters; one residual block, for the quickstart",
          build_small};
}

}  // namespace gradus
