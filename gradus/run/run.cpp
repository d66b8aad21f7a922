#include "gradus/run/run.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "gradus/base/checksum.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/checkpoint/graph_state.h"
#include "gradus/onnx/onnx.h"
#include "gradus/prepare/prepare.h"
#include "gradus/prepare/unfuse.h"
#include "gradus/run/metadata_file.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "/model.onnx";
constexpr const char* kRecipe = "/recipe.yaml";
constexpr const char* kMetadata = "/metadata.json";
constexpr const char* kCheckpoint = "/checkpoint.safetensors";

// What a result belongs to; their checksums stand in its metadata under kSeal + name.
constexpr std::array kSealed = {kModel, kRecipe, kMetadata};
constexpr const char* kSeal = "crc32";

// A folder that is removed unless it was renamed into place.
class NewFolder {
 public:
  explicit NewFolder(const std::string& path)
      : path_(path), building_(path + ".tmp-" + std::to_string(::getpid())) {
    std::error_code error;
    fs::remove_all(building_, error);  // left by a process of this id that was killed
    if (!fs::create_directory(building_, error)) {
      throw Error(ErrorCode::kNotFound, path_ + ": cannot be made: " + error.message() +
                                            "; expected a place in a folder that can be written");
    }
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;
  ~NewFolder() {
    std::error_code ignored;
    if (!building_.empty()) fs::remove_all(building_, ignored);
  }
  const std::string& building() const { return building_; }

  void put_into_place() {
    if (std::rename(building_.c_str(), path_.c_str()) != 0) {
      throw Error(ErrorCode::kFailed,
                  path_ + ": cannot be renamed into place: " + std::strerror(errno));
    }
    building_.clear();
  }

 private:
  std::string path_;
  std::string building_;
};

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

void require_run(const std::string& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored) && fs::exists(folder + kModel, ignored)) return;
  throw Error(ErrorCode::kNotFound,
              folder +
                  ": is no RUN folder; expected one that gradus train or gradus quantize wrote, "
                  "with model.onnx in it");
}

std::string checksum_of(const std::string& path) {
  const MappedFile file(path);
  return std::to_string(crc32(file.bytes()));
}

// Throws if a file is not the one that the result was saved beside: a flipped bit in the network or
// the recipe would else give another network without a word.
void check_seals(const std::string& folder, const Checkpoint& checkpoint) {
  for (const char* file : kSealed) {
    const auto seal = checkpoint.metadata.find(std::string(kSeal) + file);
    if (seal == checkpoint.metadata.end() || seal->second == checksum_of(folder + file)) continue;
    throw Error(ErrorCode::kInvalidFile,
                folder + file +
                    ": is damaged or was changed after the result beside it was saved; restore it, "
                    "or make the RUN again");
  }
}

}  // namespace

void create_run(const std::string& folder, const Graph& network, const Recipe& recipe,
                const std::map<std::string, std::string>& metadata) {
  const std::string path = without_slash(folder);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(path, ignored))) {
    throw Error(ErrorCode::kInvalidArgument, path + ": exists; expected a new folder");
  }
  NewFolder made(path);
  export_onnx(network, made.building() + kModel);
  write_file_atomically(made.building() + kRecipe, to_yaml(recipe));
  save_metadata(metadata, made.building() + kMetadata);
  made.put_into_place();
}

void save_run_state(const std::string& folder, const Graph& prepared) {
  Checkpoint checkpoint = graph_state(prepared);
  for (const char* file : kSealed) {
    checkpoint.metadata[std::string(kSeal) + file] = checksum_of(folder + file);
  }
  save_checkpoint(checkpoint, folder + kCheckpoint);
}

LoadedRun load_run_for_training(const std::string& folder) {
  require_run(folder);
  LoadedRun run;
  run.recipe = load_recipe(folder + kRecipe);
  run.metadata = load_metadata(folder + kMetadata);
  run.graph = import_onnx(folder + kModel);
  prepare(run.graph, run.recipe);
  return run;
}

LoadedRun load_run(const std::string& folder) {
  require_run(folder);
  const std::string path = folder + kCheckpoint;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    throw Error(ErrorCode::kNotFound,
                path +
                    ": is missing: the training has not finished; continue it with gradus train "
                    "--resume -o " +
                    folder);
  }
  const Checkpoint checkpoint = load_checkpoint(path);
  check_seals(folder, checkpoint);
  LoadedRun run = load_run_for_training(folder);
  apply_graph_state(run.graph, checkpoint, path);
  return run;
}

Graph load_trained_float(const std::string& folder, Recipe* recipe,
                         std::map<std::string, std::string>* metadata) {
  LoadedRun run = load_run(folder);
  if (run.recipe.quantize) {
    throw Error(ErrorCode::kInvalidArgument,
                folder + ": is quantized; expected the RUN of a float training (recipe float)");
  }
  unfuse(run.graph);
  if (recipe != nullptr) *recipe = std::move(run.recipe);
  if (metadata != nullptr) *metadata = std::move(run.metadata);
  return std::move(run.graph);
}

}  // namespace gradus
