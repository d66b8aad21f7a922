#include <algorithm>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/onnx/limits.h"
#include "gradus/onnx/read_tensor.h"

namespace gradus::onnx {
namespace {

namespace fs = std::filesystem;

// The real path of `location` in `folder`. Looks at names and links only; nothing is opened.
fs::path confined(const fs::path& folder, const std::string& location) {
  const fs::path relative(location);
  const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (location.empty() || relative.is_absolute() || climbs ||
      location.find('\\') != std::string::npos) {
    invalid("external data lies at '" + location + "'; expected a file in the model's folder");
  }
  std::error_code problem;
  const fs::path real_folder = fs::canonical(folder, problem);
  const fs::path real = problem ? fs::path() : fs::canonical(folder / relative, problem);
  if (problem) {
    throw Error(ErrorCode::kNotFound, "external data '" + location + "' cannot be found: " +
                                          problem.message() + "; copy it beside the model");
  }
  const auto [end, ignored] =
      std::mismatch(real_folder.begin(), real_folder.end(), real.begin(), real.end());
  if (end != real_folder.end()) {
    invalid("external data '" + location + "' leads out of the model's folder");
  }
  if (!fs::is_regular_file(real, problem) || fs::file_size(real, problem) > kMaxExternalFileBytes) {
    invalid("external data '" + location + "' is no regular file of a sensible size");
  }
  return real;
}

}  // namespace

std::span<const std::byte> ExternalFiles::bytes(const std::string& location, std::uint64_t offset,
                                                std::uint64_t length) {
  auto found = files_.find(location);
  if (found == files_.end()) {
    fs::path folder = fs::path(model_path_).parent_path();
    if (folder.empty()) folder = ".";
    found = files_.emplace(location, MappedFile(confined(folder, location).string())).first;
  }
  const std::span<const std::byte> all = found->second.bytes();
  if (offset > all.size() || length > all.size() - offset) {
    invalid("external data '" + location + "' is " + std::to_string(all.size()) +
            " bytes long; expected " + std::to_string(length) + " bytes from " +
            std::to_string(offset));
  }
  return all.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

}  // namespace gradus::onnx
