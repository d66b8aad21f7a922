// The residual networks of the zoo that share a plan: those for CIFAR and those for ImageNet.
// He et al., arXiv:1512.03385v1: sections 4.1 and 4.2.
#pragma once

#include <array>

#include "gradus/zoo/zoo.h"

namespace gradus {

// 6n + 2 layers for 32x32 pictures, three stages of n blocks with 16, 32 and 64 channels, shortcuts
// without parameters (option A: every second pixel, zero channels on both sides).
Graph build_cifar_resnet(const std::string& name, std::int64_t n, const ZooOptions& options);

// Basic blocks for 224x224 pictures, four stages with 64 to 512 channels, projection shortcuts
// (option B); named as torchvision names them.
Graph build_imagenet_resnet(const std::string& name, const std::array<int, 4>& blocks,
                            const ZooOptions& options);

}  // namespace gradus
