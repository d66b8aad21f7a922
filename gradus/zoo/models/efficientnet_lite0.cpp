#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

ValueId conv_bn(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                const ConvOptions& options) {
  return b.batch_norm(name + ".bn", b.conv(name, x, channels, options));
}

ValueId conv_bn_relu6(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                      const ConvOptions& options) {
  return b.relu6(name + ".relu6", conv_bn(b, name, x, channels, options));
}

struct Row {
  std::int64_t expansion, kernel, channels, repeats, stride;
};

ValueId block(GraphBuilder& b, const std::string& name, ValueId x, const Row& row,
              std::int64_t stride) {
  const std::int64_t in = b.shape(x)[1];
  const std::int64_t hidden = in * row.expansion;
  ValueId y = x;
  if (row.expansion != 1) y = conv_bn_relu6(b, name + ".expand", y, hidden, {.kernel = 1});
  y = conv_bn_relu6(
      b, name + ".depthwise", y, hidden,
      {.kernel = row.kernel, .stride = stride, .padding = row.kernel / 2, .groups = hidden});
  y = conv_bn(b, name + ".project", y, row.channels, {.kernel = 1});
  return stride == 1 && in == row.channels ? b.add(name + ".add", x, y) : y;
}

// Tan and Le, arXiv:1905.11946v5, table 1 (B0), without squeeze and excite and with ReLU6, as the
// Lite variants of TensorFlow's repository are.
Graph build_efficientnet_lite0(const ZooOptions& options) {
  constexpr Row kRows[] = {{1, 3, 16, 1, 1},  {6, 3, 24, 2, 2},  {6, 5, 40, 2, 2}, {6, 3, 80, 3, 2},
                           {6, 5, 112, 3, 1}, {6, 5, 192, 4, 2}, {6, 3, 320, 1, 1}};
  GraphBuilder b("efficientnet-lite0", options.seed);
  ValueId x = b.input("input", {-1, 3, 224, 224});
  x = conv_bn_relu6(b, "stem", x, 32, {.stride = 2, .padding = 1});
  int number = 0;
  for (const Row& row : kRows) {
    for (std::int64_t i = 0; i < row.repeats; ++i) {
      x = block(b, "blocks." + std::to_string(number++), x, row, i == 0 ? row.stride : 1);
    }
  }
  x = conv_bn_relu6(b, "head", x, 1280, {.kernel = 1});
  x = b.flatten("flatten", b.global_average_pool("avgpool", x));
  return b.finish(b.linear("classifier", x, options.classes_or(1000)), "logits");
}

}  // namespace

ZooModel efficientnet_lite0_zoo_model() {
  return {"efficientnet-lite0",
          "224x224, 1000 classes, 4.7 M parameters, ReLU6; Tan and Le 2019, the Lite variant",
          build_efficientnet_lite0};
}

}  // namespace gradus
