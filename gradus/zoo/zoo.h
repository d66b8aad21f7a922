// Architectures as graphs with freshly drawn weights. One is one file in models/ and one line in
// this folder's CMakeLists.txt. Inputs are "input" [batch, 3, height, width], outputs "logits"
// [batch, classes].
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gradus/graph/graph.h"

namespace gradus {

struct ZooOptions {
  std::uint64_t seed = 1;
  std::int64_t classes = 0;  // 0: as published

  std::int64_t classes_or(std::int64_t published) const {
    return classes > 0 ? classes : published;
  }
};

struct ZooModel {
  std::string name;                           // "resnet20"
  std::string help;                           // one line: input, size, where it is from
  Graph (*build)(const ZooOptions& options);  // in normal form; the same options, the same bits
};

std::span<const ZooModel> zoo_models();

}  // namespace gradus
