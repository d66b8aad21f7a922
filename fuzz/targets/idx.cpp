// IDX files, gzipped or not, as MNIST comes.
#include "gradus/data/idx.h"
#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/error.h"
#include "tests/data/archive_files.h"

namespace gradus::fuzz {
namespace {

void check(const std::string& path, std::size_t rank) {
  const IdxArray array = load_idx(path, rank);
  require(array.shape.size() == rank && element_count(array.shape) == std::ssize(array.values),
          "values do not fit their shape");
}

void run(Bytes bytes) {
  const std::string path =
      private_file("idx", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  try {
    check(path, 1);
  } catch (const Error&) {
    check(path, 3);
  }
}

std::vector<std::string> seeds() {
  const std::string labels = idx({5}, std::string("\0\1\2\3\4", 5));
  const std::string images = idx({2, 3, 2}, "abcdefghijkl");
  return {labels, images, gzip(labels), gzip(images), gzip(images) + gzip("")};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
