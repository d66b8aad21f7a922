#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

ValueId conv_bn(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                const ConvOptions& options) {
  return b.batch_norm(name + ".1", b.conv(name + ".0", x, channels, options));
}

ValueId conv_bn_relu6(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                      const ConvOptions& options) {
  return b.relu6(name + ".2", conv_bn(b, name, x, channels, options));
}

// Expansion, depthwise, projection; a sum where input and output have one shape.
ValueId inverted_residual(GraphBuilder& b, const std::string& name, ValueId x,
                          std::int64_t expansion, std::int64_t channels, std::int64_t stride) {
  const std::int64_t in = b.shape(x)[1];
  const std::int64_t hidden = in * expansion;
  ValueId y = x;
  if (expansion != 1) y = conv_bn_relu6(b, name + ".expand", y, hidden, {.kernel = 1});
  y = conv_bn_relu6(b, name + ".depthwise", y, hidden,
                    {.stride = stride, .padding = 1, .groups = hidden});
  y = conv_bn(b, name + ".project", y, channels, {.kernel = 1});
  return stride == 1 && in == channels ? b.add(name + ".add", x, y) : y;
}

// Sandler et al., arXiv:1801.04381v4, table 2.
Graph build_mobilenet_v2(const ZooOptions& options) {
  struct Row {
    std::int64_t expansion, channels, repeats, stride;
  };
  constexpr Row kRows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                           {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  GraphBuilder b("mobilenet-v2", options.seed);
  ValueId x = b.input("input", {-1, 3, 224, 224});
  x = conv_bn_relu6(b, "features.0", x, 32, {.stride = 2, .padding = 1});
  int number = 1;
  for (const Row& row : kRows) {
    for (std::int64_t i = 0; i < row.repeats; ++i) {
      const std::string name = "features." + std::to_string(number++);
      x = inverted_residual(b, name, x, row.expansion, row.channels, i == 0 ? row.stride : 1);
    }
  }
  x = conv_bn_relu6(b, "features.18", x, 1280, {.kernel = 1});
  x = b.flatten("flatten", b.global_average_pool("avgpool", x));
  return b.finish(b.linear("classifier", x, options.classes_or(1000)), "logits");
}

}  // namespace

ZooModel mobilenet_v2_zoo_model() {
  return {"mobilenet-v2", "224x224, 1000 classes, 3.5 M parameters, ReLU6; Sandler et al. 2018",
          build_mobilenet_v2};
}

}  // namespace gradus
