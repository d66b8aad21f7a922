// TensorProto: raw and typed data, and data in other files of the model's folder.
#pragma once

#include <map>
#include <string>

#include "gradus/base/file.h"
#include "gradus/onnx/proto.h"
#include "gradus/onnx/wire.h"

namespace gradus::onnx {

// The files beside a model that its tensors lie in, each mapped once.
class ExternalFiles {
 public:
  // `model_path`: the .onnx file.
  explicit ExternalFiles(std::string model_path) : model_path_(std::move(model_path)) {}

  // `length` bytes from `offset`. `location` is relative to the model's folder and stays in it: no
  // "..", no absolute path, no link that leads out. Throws Error: kInvalidFile if it leads
  // elsewhere or is too short, kNotFound if it is not there.
  std::span<const std::byte> bytes(const std::string& location, std::uint64_t offset,
                                   std::uint64_t length);

 private:
  std::string model_path_;
  std::map<std::string, MappedFile> files_;
};

// Throws Error (kInvalidFile, kUnsupported), naming the tensor, if its dimensions and data do not
// match or its type is not held.
TensorProto read_tensor(Message message, ExternalFiles& files);

}  // namespace gradus::onnx
