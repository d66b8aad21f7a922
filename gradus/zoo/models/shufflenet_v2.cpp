#include "gradus/graph/builder.h"
#include "gradus/zoo/zoo.h"

namespace gradus {
namespace {

using Integers = std::vector<std::int64_t>;

ValueId conv_bn(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                const ConvOptions& options) {
  return b.batch_norm(name + ".bn", b.conv(name, x, channels, options));
}

ValueId conv_bn_relu(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                     const ConvOptions& options) {
  return b.relu(name + ".relu", conv_bn(b, name, x, channels, options));
}

ValueId half(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t begin,
             std::int64_t end) {
  return b.node(name, "Slice", {x},
                {{"starts", Integers{begin}},
                 {"ends", Integers{end}},
                 {"axes", Integers{1}},
                 {"steps", Integers{1}}});
}

// The channels of both halves in turn.
ValueId shuffle(GraphBuilder& b, const std::string& name, ValueId x) {
  const Shape in = b.shape(x);
  const std::int64_t c = in[1] / 2;
  x = b.node(name + ".split", "Reshape", {x}, {{"shape", Integers{-1, 2, c, in[2], in[3]}}});
  x = b.node(name + ".turn", "Transpose", {x}, {{"perm", Integers{0, 2, 1, 3, 4}}});
  return b.node(name + ".join", "Reshape", {x}, {{"shape", Integers{-1, in[1], in[2], in[3]}}});
}

// Pointwise, depthwise, pointwise.
ValueId branch(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
               std::int64_t stride) {
  x = conv_bn_relu(b, name + ".0", x, channels, {.kernel = 1});
  x = conv_bn(b, name + ".3", x, channels, {.stride = stride, .padding = 1, .groups = channels});
  return conv_bn_relu(b, name + ".5", x, channels, {.kernel = 1});
}

ValueId unit(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
             std::int64_t stride) {
  const std::int64_t in = b.shape(x)[1];
  const std::int64_t part = channels / 2;
  ValueId left = x;
  ValueId right = x;
  if (stride == 1) {
    left = half(b, name + ".left", x, 0, part);
    right = half(b, name + ".right", x, part, channels);
  } else {
    left = conv_bn(b, name + ".branch1.0", x, in, {.stride = stride, .padding = 1, .groups = in});
    left = conv_bn_relu(b, name + ".branch1.2", left, part, {.kernel = 1});
  }
  right = branch(b, name + ".branch2", right, part, stride);
  x = b.node(name + ".concat", "Concat", {left, right}, {{"axis", std::int64_t{1}}});
  return shuffle(b, name + ".shuffle", x);
}

// Ma et al., arXiv:1807.11164v1, table 5, width 1x.
Graph build_shufflenet_v2(const ZooOptions& options) {
  struct Stage {
    std::int64_t channels, repeats;
  };
  constexpr Stage kStages[] = {{116, 4}, {232, 8}, {464, 4}};
  GraphBuilder b("shufflenet-v2", options.seed);
  ValueId x = b.input("input", {-1, 3, 224, 224});
  x = conv_bn_relu(b, "conv1", x, 24, {.stride = 2, .padding = 1});
  x = b.max_pool("maxpool", x, 3, 2, 1);
  int number = 2;
  for (const Stage& stage : kStages) {
    const std::string name = "stage" + std::to_string(number++);
    for (std::int64_t i = 0; i < stage.repeats; ++i) {
      x = unit(b, name + "." + std::to_string(i), x, stage.channels, i == 0 ? 2 : 1);
    }
  }
  x = conv_bn_relu(b, "conv5", x, 1024, {.kernel = 1});
  x = b.flatten("flatten", b.global_average_pool("mean", x));
  return b.finish(b.linear("fc", x, options.classes_or(1000)), "logits");
}

}  // namespace

ZooModel shufflenet_v2_zoo_model() {
  return {"shufflenet-v2",
          "224x224, 1000 classes, 2.3 M parameters, channel shuffle; Ma et al. 2018",
          build_shufflenet_v2};
}

}  // namespace gradus
