// numpy.savez and savez_compressed: a zip of .npy arrays.
#include <algorithm>
#include <optional>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/array_dataset.h"
#include "gradus/data/limits.h"
#include "gradus/data/source.h"
#include "gradus/data/zip.h"

namespace gradus {
namespace {

constexpr std::string_view kSuffix = ".npy";

struct Names {
  std::string images;
  std::string labels;
};

// What people call the two, first those that name the split in place of the star.
std::vector<Names> usual_names(Split split) {
  std::vector<Names> usual;
  const std::vector<std::string> words = split == Split::kTrain
                                             ? std::vector<std::string>{"train"}
                                             : std::vector<std::string>{"test", "val", "valid"};
  for (const std::string& word : words) {
    usual.push_back({"x_" + word, "y_" + word});            // Keras
    usual.push_back({"X_" + word, "y_" + word});            // scikit-learn
    usual.push_back({word + "_images", word + "_labels"});  // MedMNIST
    usual.push_back({word + "_x", word + "_y"});
    usual.push_back({word + "_data", word + "_labels"});
    usual.push_back({"images_" + word, "labels_" + word});
  }
  for (const char* images : {"images", "data", "x", "X", "arr_0"}) {
    for (const char* labels : {"labels", "label", "target", "targets", "y", "arr_1"}) {
      usual.push_back({images, labels});
    }
  }
  return usual;
}

const ZipEntry* find_array(const ZipFile& zip, const std::string& name) {
  for (const ZipEntry& entry : zip.entries()) {
    if (entry.name == name + std::string(kSuffix)) return &entry;
  }
  return nullptr;
}

std::string array_names(const ZipFile& zip) {
  std::string names;
  std::size_t count = 0;
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(kSuffix) || ++count > 20) continue;
    std::string name = entry.name.substr(0, std::min<std::size_t>(entry.name.size() - 4, 40));
    for (char& c : name) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "no array" : names;
}

Names choose_names(const ZipFile& zip, const DataSpec& spec) {
  Names chosen{spec.images.value_or(""), spec.labels.value_or("")};
  const Split split = spec.split.value_or(Split::kTest);
  for (const Names& usual : usual_names(split)) {
    const Names both{spec.images.value_or(usual.images), spec.labels.value_or(usual.labels)};
    if (find_array(zip, both.images) != nullptr && find_array(zip, both.labels) != nullptr) {
      return both;
    }
  }
  throw Error(ErrorCode::kInvalidArgument,
              spec.path + ": holds " + array_names(zip) + "; expected images and labels of the " +
                  split_name(split) + " split; say which they are: images=NAME,labels=NAME");
}

std::unique_ptr<Dataset> open_npz(const DataSpec& spec) {
  const MappedFile file(spec.path);
  const ZipFile zip(file.bytes(), spec.path);
  const Names names = choose_names(zip, spec);
  const auto content = [&](const std::string& name) { return zip.content(*find_array(zip, name)); };
  const std::vector<std::byte> labels = content(names.labels);
  const std::vector<std::byte> images = content(names.images);
  const auto named = [&](const std::vector<std::byte>& bytes, const std::string& name) {
    const std::string where = spec.path + ": " + name;
    return NamedArray{view_npy(bytes, where), where};
  };
  return make_array_dataset(spec, named(images, names.images), named(labels, names.labels));
}

}  // namespace

DataSource npz_data_source() {
  return {"npz",
          "npz:FILE",
          "NumPy arrays in one file: images and labels, a pair or one a split",
          open_npz,
          {"images", "labels", "layout"}};
}

}  // namespace gradus
