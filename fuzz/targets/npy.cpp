// .npy files, as `run --input` reads them.
#include <cstring>

#include "fuzz/artefacts.h"
#include "fuzz/judge.h"
#include "gradus/base/file.h"
#include "gradus/data/npy.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const std::string path =
      private_file("a.npy", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const NpyArray array = load_npy(path);
  require(element_count(array.shape) == std::ssize(array.values), "values do not fit their shape");
  const std::string again = private_folder() + "/again.npy";
  save_npy(again, array.shape, array.values);
  const NpyArray back = load_npy(again);
  require(back.shape == array.shape, "a shape does not come back");
  if (array.values.empty()) return;  // memcmp takes no null pointer
  require(std::memcmp(back.values.data(), array.values.data(), 4 * back.values.size()) == 0,
          "an array does not come back");
}

std::string with_header(int version, const std::string& header, const std::string& data) {
  std::string file = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return file + header + data;
}

std::vector<std::string> seeds() {
  const std::string path = private_folder() + "/seed.npy";
  save_npy(path, {2, 3}, std::vector<float>{1, 2, 3, 4, 5, -6.5f});
  std::vector<std::string> files = {read_text_file(path, 1 << 16)};
  for (const char* type : {"|u1", "|b1", "<i2", "<f8", "<u8"}) {
    const std::string header =
        std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (1, 2), }\n";
    const std::size_t width = static_cast<std::size_t>(type[2] - '0');
    files.push_back(with_header(type[1] == 'f' ? 2 : 1, header, std::string(2 * width, '\1')));
  }
  return files;
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
