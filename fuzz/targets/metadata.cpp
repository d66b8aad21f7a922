// metadata.json of a RUN folder.
#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/file.h"
#include "gradus/run/metadata_file.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const auto metadata = load_metadata(private_file(
      "metadata.json", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  const std::string again = private_folder() + "/again.json";
  save_metadata(metadata, again);
  require(load_metadata(again) == metadata, "metadata does not come back");
}

std::vector<std::string> seeds() {
  const std::string path = private_folder() + "/seed.json";
  save_metadata({{"a", "b"}, {"data.pixels.scale", "255"}, {"quote \"", "line\nline \\ \xc3\xa4"}},
                path);
  return {read_text_file(path, 1 << 16), "{}"};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
