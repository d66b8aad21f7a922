// The text file of imagelist.
#include "gradus/data/image_list.h"
#include "fuzz/artefacts.h"
#include "fuzz/judge.h"

namespace gradus::fuzz {
namespace {

void run(Bytes bytes) {
  const ImageList list = read_image_list(private_file(
      "list.txt", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  require(!list.paths.empty() && list.paths.size() == list.labels.size(),
          "a list without pictures, or with other labels");
  for (const std::string& path : list.paths) {
    require(!path.starts_with("/") && ("/" + path + "/").find("/../") == std::string::npos,
            "a path that leaves the folder: " + path);
  }
  for (const std::int64_t label : list.labels) {
    require(label >= 0 && label < list.classes, "a label outside the classes");
  }
}

std::vector<std::string> seeds() {
  return {"path,label\na.png,0\nb/c d.jpg,12\n", "# comment\n\na.png 0\r\nsub/b.jpg 3\r\n",
          "\xef\xbb\xbfx, y.png, 1\n"};
}

}  // namespace

Target target() { return {.run = run, .seeds = seeds}; }

}  // namespace gradus::fuzz
