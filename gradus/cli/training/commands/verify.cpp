#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "gradus/base/error.h"
#include "gradus/cli/artefact.h"
#include "gradus/cli/command.h"
#include "gradus/cli/integer_network.h"
#include "gradus/cli/text.h"
#include "gradus/cli/training/verification.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

struct Options {
  std::string run;
  std::string model;
  std::string data;
  VerifyOptions verify;
  std::string isa;
};

void run(Options options, Console& console) {
  const IntegerSource loaded = load_integer_source(options.run);
  const QModel model = load_integer_network(options.model);
  const auto data = open_dataset(data_spec_from(options.data, loaded.options.metadata));
  require_matching_input(loaded.graph, *data, options.run);
  if (!options.isa.empty()) options.verify.isa = isa_from_name(options.isa);
  Rate rate(console, "verify");
  options.verify.progress = [&](std::int64_t done, std::int64_t total) { rate(done, total); };
  const Verification found = verify(loaded.graph, model, *data, options.verify);
  const Console::Fields fields = {{"images", json_number(found.images)},
                                  {"tensors", json_number(found.tensors)},
                                  {"codes", json_number(found.codes)},
                                  {"differing", json_number(found.differing)},
                                  {"first", json_text(found.first)}};
  if (found.differing > 0) {
    console.result("verified", fields, "");
    throw Error(ErrorCode::kDifference,
                fmt::format("{}: {} of {} codes differ; the first: {}", options.model,
                            found.differing, found.codes, found.first));
  }
  console.result("verified", fields,
                 fmt::format("verified: 0 differing codes of {} in {} tensors, {} images, {}",
                             found.codes, found.tensors, found.images, isa_name(found.isa)));
}

std::function<void(Console&)> declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("run", options->run,
                 "The RUN folder that the model was converted from, or a quantized .onnx")
      ->required();
  app.add_option("model", options->model,
                 "The model.gradus, or what the RUN was exported as, to convert first")
      ->required();
  app.add_option("--data", options->data, "Data SPEC; the test split, unless told")->required();
  app.add_option("--batch", options->verify.batch, "Images at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--threads", options->verify.threads, "Threads of the engine (0: all cores)")
      ->check(CLI::Range(0, 256));
  app.add_option("--isa", options->isa,
                 "Instruction set of the engine (the best one, unless given)");
  return [options](Console& console) { run(*options, console); };
}

}  // namespace

Command verify_command() {
  return {"verify", "Compare the trained network with its integer model, code by code",
          "  gradus verify RUN model.gradus --data cifar10:DIR\n"
          "  gradus verify RUN quantized.onnx --data cifar10:DIR\n"
          "  gradus verify RUN model.gradus --data cifar10:DIR,limit=64 --batch 7 --isa scalar\n",
          declare};
}

}  // namespace gradus
