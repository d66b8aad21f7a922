// fuzz_artefacts FOLDER: one small artefact of every kind, for tests that damage them:
// net.onnx, model.gradus, RUN/, recipe.yaml, x.npy, p.png, p.jpg and list.txt, which names the two;
// arrays.npz; for grey.gradus, which takes one channel, digits/ (IDX) and packed/ (the same
// gzipped).
#include <cstdio>
#include <exception>

#include "fuzz/artefacts.h"
#include "gradus/base/file.h"
#include "gradus/data/npy.h"
#include "gradus/onnx/onnx.h"
#include "gradus/qmodel/file.h"
#include "tests/data/archive_files.h"
#include "tests/data/picture_files.h"

namespace gradus::fuzz {
namespace {

void make(const std::string& folder) {
  const auto at = [&](const char* name) { return folder + "/" + name; };
  export_onnx(small_network(), at("net.onnx"));
  save_model(small_model("w4a4"), at("model.gradus"));
  write_small_run(at("RUN"), "w4a4");
  write_file_atomically(at("recipe.yaml"), to_yaml(preset_recipe("w4a4")));
  std::vector<float> image(3 * 8 * 8);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 17) / 17.0f;
  save_npy(at("x.npy"), {1, 3, 8, 8}, image);
  const Picture picture = pattern_picture(9, 8);
  write_test_file(at("p.png"), encode_png(picture));
  write_test_file(at("p.jpg"), encode_jpeg(picture));
  const std::string pixels(3 * 3 * 8 * 8, '\x55');
  const std::string labels = npy("<i8", "(3,)", std::string(24, '\0'));
  write_test_file(at("arrays.npz"), zip({{"x_test.npy", npy("|u1", "(3, 3, 8, 8)", pixels), true},
                                         {"y_test.npy", labels, false}}));
  save_model(small_model("w8a8", 1), at("grey.gradus"));
  const std::string digits = idx({3, 8, 8}, std::string(3 * 8 * 8, '\x33'));
  const std::string names = idx({3}, std::string("\0\1\2", 3));
  write_test_file(at("digits/t10k-images-idx3-ubyte"), digits);
  write_test_file(at("digits/t10k-labels-idx1-ubyte"), names);
  write_test_file(at("packed/t10k-images-idx3-ubyte.gz"), gzip(digits));
  write_test_file(at("packed/t10k-labels-idx1-ubyte.gz"), gzip(names));
  write_file_atomically(at("list.txt"), std::string("p.png 0\np.jpg 4\n"));
}

}  // namespace
}  // namespace gradus::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    gradus::fuzz::make(argv[1]);
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
