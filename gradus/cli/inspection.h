// What `inspect` shows of each kind of file.
#pragma once

#include <string>

#include "gradus/cli/console.h"

namespace gradus {

void inspect_onnx(const std::string& path, Console& console);
void inspect_run(const std::string& path, Console& console);
void inspect_model(const std::string& path, Console& console);
void inspect_checkpoint(const std::string& path, Console& console);

}  // namespace gradus
