// Checkpoints: named tensors and text in a safetensors file, which Python reads too. Weights,
// optimiser state, quantizers, random generators and schedules all travel in one.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "gradus/graph/tensor.h"

namespace gradus {

struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  // Free text; keys that begin with "gradus." are kept for the file format itself.
  std::map<std::string, std::string> metadata;
};

// Writes the file whole or not at all. Its metadata also gets "gradus.version" and "gradus.crc32",
// a CRC-32 of names, types, shapes, metadata and data. Throws Error: kInvalidArgument if a name is
// no UTF-8, is "__metadata__", or a metadata key begins with "gradus."; kFailed if the disk is
// full; kNotFound if the folder is missing.
void save_checkpoint(const Checkpoint& checkpoint, const std::string& path);

// Reads any safetensors file (https://github.com/huggingface/safetensors, format section): header
// of at most 100 MB, data without holes or overlaps. The CRC is checked where the file has one, and
// a file with "gradus." metadata must have one; those keys are not returned. Throws Error:
// kNotFound if there is no such file, kInvalidFile, naming the tensor, if it is malformed, cut
// short or corrupt.
Checkpoint load_checkpoint(const std::string& path);
// The same for a file in memory; `where` names it in errors.
Checkpoint parse_checkpoint(std::span<const std::byte> bytes, const std::string& where);

}  // namespace gradus
