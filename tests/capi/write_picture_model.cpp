// write_picture_model FILE SIDE CHANNELS [KEY=VALUE]...: a model.gradus that takes pictures.
#include <exception>
#include <iostream>

#include "gradus/qmodel/file.h"
#include "tests/capi/picture_model.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  try {
    std::map<std::string, std::string> pixels;
    for (int i = 4; i < argc; ++i) {
      const std::string word = argv[i];
      const std::size_t equals = word.find('=');
      pixels[word.substr(0, equals)] = word.substr(equals + 1);
    }
    gradus::save_model(
        gradus::testing_support::picture_model(std::stoi(argv[2]), std::stoi(argv[3]), pixels),
        argv[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
