#include "gradus/cli/training/hand_over.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "gradus/base/error.h"
#include "gradus/cli/training/training.h"

namespace gradus {

std::string program_with_training() {
  if (linked_training()) return "";
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "";
  const auto other = self.parent_path() / "gradus-training";
  return std::filesystem::is_regular_file(other, error) ? other.string() : "";
}

void hand_over(char** argv) {
  const std::string program = program_with_training();
  if (program.empty()) return;
  execv(program.c_str(), argv);
  throw Error(ErrorCode::kFailed, program + ": cannot be run: " + std::strerror(errno));
}

}  // namespace gradus
