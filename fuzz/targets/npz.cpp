// npz: archives of arrays, opened as a data set, every picture of it loaded.
#include <algorithm>

#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/data/source.h"
#include "tests/data/archive_files.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const std::string path =
      private_file("a.npz", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  DataSpec spec;
  spec.kind = "npz";
  spec.path = path;
  const auto data = open_dataset(spec);
  const std::int64_t elements = data->shape().elements();
  if (elements > 1 << 20) return;  // only because it would take long
  std::vector<float> image(static_cast<std::size_t>(elements));
  for (std::int64_t i = 0; i < std::min<std::int64_t>(data->size(), 8); ++i) {
    std::int64_t label = 0;
    data->load(i, image, label);
    require(label >= 0 && label < data->classes(), "a label outside the classes");
  }
}

std::vector<std::string> seeds() {
  const std::string bytes = npy("|u1", "(2, 2, 3, 3)", std::string(36, '\x40'));
  const std::string grey = npy("<f4", "(2, 3, 2)", std::string(48, '\0'));
  const std::string labels = npy("<i8", "(2,)", std::string(16, '\0'));
  return {zip({{"x_test.npy", bytes, false}, {"y_test.npy", labels, false}}),
          zip({{"images.npy", grey, true}, {"labels.npy", labels, true}}),
          zip({{"arr_0.npy", bytes, true}, {"arr_1.npy", labels, false}}, true, "a comment")};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
