// A fuzz target: one reader of untrusted bytes. A target is one file in targets/, which defines
// `Target target()`, and one line in this folder's CMakeLists.txt; it becomes a program of its own,
// once with a plain main (replay.cpp) and, where GRADUS_FUZZ is on, once with libFuzzer's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace gradus::fuzz {

using Bytes = std::span<const std::byte>;

struct Target {
  // Reads `bytes` as a file of its kind and uses what it got as the program would. Throws Error if
  // they are refused; throws anything else, or ends the process, if it found a bug.
  void (*run)(Bytes bytes) = nullptr;
  // Sound files, made by the project's own writers: none of them may be refused.
  std::vector<std::string> (*seeds)() = nullptr;
  bool many_lines = false;  // an Error may name several problems, one a line
};

// Defined by the target's file.
Target target();

}  // namespace gradus::fuzz
