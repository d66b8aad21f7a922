#include "gradus/zoo/residual.h"

#include "gradus/graph/builder.h"

namespace gradus {
namespace {

// conv3x3, batch norm, ReLU, conv3x3, batch norm; then the shortcut is added and ReLU taken.
template <typename Shortcut>
ValueId basic_block(GraphBuilder& b, const std::string& name, ValueId x, std::int64_t channels,
                    std::int64_t stride, const Shortcut& shortcut) {
  ValueId y = b.conv(name + ".conv1", x, channels, {.stride = stride, .padding = 1});
  y = b.relu(name + ".relu1", b.batch_norm(name + ".bn1", y));
  y = b.conv(name + ".conv2", y, channels, {.padding = 1});
  y = b.batch_norm(name + ".bn2", y);
  const bool same = stride == 1 && b.shape(x)[1] == channels;
  y = b.add(name + ".add", y, same ? x : shortcut(x));
  return b.relu(name + ".relu2", y);
}

ValueId classify(GraphBuilder& b, ValueId x, std::int64_t classes) {
  return b.linear("fc", b.flatten("flatten", b.global_average_pool("avgpool", x)), classes);
}

}  // namespace

Graph build_cifar_resnet(const std::string& name, std::int64_t n, const ZooOptions& options) {
  GraphBuilder b(name, options.seed);
  ValueId x = b.input("input", {-1, 3, 32, 32});
  x = b.relu("relu", b.batch_norm("bn1", b.conv("conv1", x, 16, {.padding = 1})));
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const std::int64_t channels = std::int64_t{16} << stage;
    for (std::int64_t block = 0; block < n; ++block) {
      const std::string path = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      x = basic_block(b, path, x, channels, stage > 0 && block == 0 ? 2 : 1, [&](ValueId in) {
        const std::int64_t missing = channels - b.shape(in)[1];
        const ValueId half = b.halve(path + ".shortcut.slice", in);
        return b.pad_channels(path + ".shortcut.pad", half, missing / 2, missing - missing / 2);
      });
    }
  }
  return b.finish(classify(b, x, options.classes_or(10)), "logits");
}

Graph build_imagenet_resnet(const std::string& name, const std::array<int, 4>& blocks,
                            const ZooOptions& options) {
  GraphBuilder b(name, options.seed);
  ValueId x = b.input("input", {-1, 3, 224, 224});
  x = b.conv("conv1", x, 64, {.kernel = 7, .stride = 2, .padding = 3});
  x = b.max_pool("maxpool", b.relu("relu", b.batch_norm("bn1", x)), 3, 2, 1);
  for (std::size_t stage = 0; stage < 4; ++stage) {
    const std::int64_t channels = std::int64_t{64} << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string path = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      x = basic_block(b, path, x, channels, stride, [&](ValueId in) {
        const ValueId y =
            b.conv(path + ".downsample.0", in, channels, {.kernel = 1, .stride = stride});
        return b.batch_norm(path + ".downsample.1", y);
      });
    }
  }
  return b.finish(classify(b, x, options.classes_or(1000)), "logits");
}

}  // namespace gradus
