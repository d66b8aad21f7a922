#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

ValueId activation(GraphBuilder& b, const std::string& name, ValueId x, bool swish) {
  return swish ? b.node(name, "HardSwish", {x}) : b.relu(name, x);
}

ValueId conv_bn(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                const ConvOptions& options) {
  return b.batch_norm(name + ".1", b.conv(name + ".0", x, channels, options));
}

// A weight for each channel of an image, from the image's mean.
ValueId squeeze_and_excite(GraphBuilder& b, const std::string& name, ValueId x) {
  const std::int64_t channels = b.shape(x)[1];
  const std::int64_t squeezed = (channels / 4 + 4) / 8 * 8;
  ValueId s = b.global_average_pool(name + ".avgpool", x);
  s = b.conv(name + ".fc1", s, squeezed, {.kernel = 1, .bias = true});
  s = b.conv(name + ".fc2", b.relu(name + ".activation", s), channels, {.kernel = 1, .bias = true});
  s = b.node(name + ".scale", "HardSigmoid", {s}, {{"alpha", 1.0f / 6.0f}, {"beta", 0.5f}});
  return b.node(name + ".mul", "Mul", {s, x});
}

struct Row {
  std::int64_t kernel, expanded, channels;
  bool excite, swish;
  std::int64_t stride;
};

ValueId block(GraphBuilder& b, const std::string& name, ValueId x, const Row& row) {
  const std::int64_t in = b.shape(x)[1];
  ValueId y = x;
  if (row.expanded != in) {
    y = conv_bn(b, name + ".expand", y, row.expanded, {.kernel = 1});
    y = activation(b, name + ".expand.2", y, row.swish);
  }
  y = conv_bn(b, name + ".depthwise", y, row.expanded,
              {.kernel = row.kernel,
               .stride = row.stride,
               .padding = row.kernel / 2,
               .groups = row.expanded});
  y = activation(b, name + ".depthwise.2", y, row.swish);
  if (row.excite) y = squeeze_and_excite(b, name + ".se", y);
  y = conv_bn(b, name + ".project", y, row.channels, {.kernel = 1});
  return row.stride == 1 && in == row.channels ? b.add(name + ".add", x, y) : y;
}

// Howard et al., arXiv:1905.02244v5, table 2; squeeze widths as torchvision rounds them.
Graph build_mobilenet_v3_small(const ZooOptions& options) {
  constexpr Row kRows[] = {
      {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
      {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
      {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
      {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1}};
  GraphBuilder b("mobilenet-v3-small", options.seed);
  ValueId x = b.input("input", {-1, 3, 224, 224});
  x = conv_bn(b, "features.0", x, 16, {.stride = 2, .padding = 1});
  x = activation(b, "features.0.2", x, true);
  int number = 1;
  for (const Row& row : kRows) x = block(b, "features." + std::to_string(number++), x, row);
  x = conv_bn(b, "features.12", x, 576, {.kernel = 1});
  x = activation(b, "features.12.2", x, true);
  x = b.flatten("flatten", b.global_average_pool("avgpool", x));
  x = activation(b, "classifier.1", b.linear("classifier.0", x, 1024), true);
  return b.finish(b.linear("classifier.3", x, options.classes_or(1000)), "logits");
}

}  // namespace

ZooModel mobilenet_v3_small_zoo_model() {
  return {"mobilenet-v3-small",
          "224x224, 1000 classes, 2.5 M parameters, hard swish, squeeze and excite; Howard et al. "
          "2019",
          build_mobilenet_v3_small};
}

}  // namespace gradus
