#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/inspection.h"

namespace gradus {
namespace {

void run(const std::string& path, Console& console) {
  switch (artefact_kind(path)) {
    case ArtefactKind::kOnnx:
      return inspect_onnx(path, console);
    case ArtefactKind::kQuantizedOnnx:
      return inspect_quantized_onnx(path, console);
    case ArtefactKind::kRun:
      return inspect_run(path, console);
    case ArtefactKind::kModel:
      return inspect_model(path, console);
    case ArtefactKind::kCheckpoint:
      return inspect_checkpoint(path, console);
  }
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto path = std::make_shared<std::string>();
  app.add_option("path", *path,
                 "A float or quantized .onnx, a .safetensors, a model.gradus or a RUN folder")
      ->required();
  return [path](Console& console) { run(*path, console); };
}

}  // namespace

Command inspect_command() {
  return {"inspect", "Layers, shapes, bits, bytes and multiply-adds of any file of gradus",
          "  gradus inspect net.onnx\n"
          "  gradus inspect quantized.onnx\n"
          "  gradus inspect RUN\n"
          "  gradus inspect model.gradus\n",
          declare};
}

}  // namespace gradus
