// Between a QModel and the FlatBuffers body of its file. Used by file.cpp only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "gradus/qmodel/qmodel.h"

namespace gradus {

// `model` has passed validate().
std::vector<std::byte> write_flat(const QModel& model);

// `bytes` begins on an 8-byte boundary. Runs the verifier and bounds every size before it takes
// memory; the result has still to pass validate(). Throws Error (kInvalidFile).
QModel read_flat(std::span<const std::byte> bytes, const std::string& where);

}  // namespace gradus
