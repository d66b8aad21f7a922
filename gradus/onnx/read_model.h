// Decodes an ONNX file into plain data.
#pragma once

#include <cstddef>
#include <span>

#include "gradus/base/error_sink.h"
#include "gradus/onnx/proto.h"
#include "gradus/onnx/read_tensor.h"

namespace gradus::onnx {

// Entries of metadata_props with this prefix are those of gradus.
constexpr const char* kMetadataPrefix = "gradus.";

// Throws Error: kInvalidFile if the bytes are no ONNX model within limits.h, kUnsupported for
// subgraphs, local functions, sparse and segmented tensors. Nodes and names are not checked yet.
ModelProto read_model(std::span<const std::byte> bytes, ExternalFiles& files);
// The same, telling `errors` of attributes that are wrong: if that goes on, their nodes are marked
// broken.
ModelProto read_model(std::span<const std::byte> bytes, ExternalFiles& files, ErrorSink& errors);

}  // namespace gradus::onnx
