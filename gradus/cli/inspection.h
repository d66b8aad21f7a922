// What `inspect` shows of each kind of file.
#pragma once

#include <string>

#include "gradus/cli/console.h"
#include "gradus/prepare/prepare.h"

namespace gradus {

void inspect_onnx(const std::string& path, Console& console);
void inspect_quantized_onnx(const std::string& path, Console& console);
void inspect_run(const std::string& path, Console& console);
void inspect_model(const std::string& path, Console& console);
// An operator that runs in float amid the integers, and what it costs.
void show_island(const Island& island, Console& console);
void inspect_checkpoint(const std::string& path, Console& console);

}  // namespace gradus
