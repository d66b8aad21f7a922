// The operators of an ONNX file, without reading its tensors: enough to tell what kind of network
// it is.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace gradus::onnx {

// An operator as a Graph calls it: its type, with "<domain>:" before it where that is not ai.onnx.
std::string qualified_name(const std::string& domain, const std::string& type);

// Whether the graph has an operator for whose name `wanted` is true. Everything else is passed
// over; where the file is damaged, the rest of it is taken to have none.
bool has_operator(std::span<const std::byte> bytes, bool (*wanted)(const std::string& name));

}  // namespace gradus::onnx
