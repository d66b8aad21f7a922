// How much of an ONNX file is believed. Every size that a file states is held against one of these,
// or against the bytes that are there, before anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gradus::onnx {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 31;  // protobuf's own limit
constexpr std::uint64_t kMaxExternalFileBytes = std::uint64_t{1} << 36;
constexpr std::size_t kMaxNodes = 20'000;
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kMaxNodeInputs = 1'000;    // and outputs
constexpr std::size_t kMaxGraphInputs = 10'000;  // and outputs; initializers are often among them
constexpr std::size_t kMaxAttributes = 100;      // of one node
constexpr std::size_t kMaxListItems = 1 << 20;   // of one attribute
constexpr std::size_t kMaxRank = 8;
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 31;
constexpr std::size_t kMaxNameBytes = 4'096;
constexpr std::size_t kMaxTextBytes = 1 << 20;  // a string attribute
constexpr std::size_t kMaxExternalEntries = 16;
constexpr std::int64_t kLeastOpset = 6;
constexpr std::int64_t kMostOpset = 25;
constexpr std::int64_t kLeastIrVersion = 3;  // the first with opset_import
constexpr std::int64_t kMostIrVersion = 99;

}  // namespace gradus::onnx
