// model.gradus: a FlatBuffers file (schema model.fbs) behind a 16-byte header: magic "GRDS", format
// version, CRC-32 of everything after the header, length. Weights are packed at their bit width.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "gradus/qmodel/qmodel.h"

namespace gradus {

std::vector<std::byte> serialize(const QModel& model);

// Checks header, checksum, the FlatBuffers verifier and validate(). `where` names the source in
// errors. Throws Error (kInvalidFile).
QModel parse_model(std::span<const std::byte> bytes, const std::string& where);

void save_model(const QModel& model, const std::string& path);  // whole or not at all
QModel load_model(const std::string& path);

}  // namespace gradus
