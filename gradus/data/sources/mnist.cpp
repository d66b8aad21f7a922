// MNIST and what comes as it does (Fashion-MNIST, KMNIST, QMNIST's pictures): four IDX files,
// gzipped or not.
#include <algorithm>
#include <array>
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/data/idx.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kClasses = 10;

// The folder itself, or where torchvision unpacks it.
constexpr std::array<const char*, 3> kFolders = {"", "raw", "MNIST/raw"};

struct File {
  const char* part;  // "images" or "labels"
  int rank;
};
constexpr File kImages = {"images", 3};
constexpr File kLabels = {"labels", 1};

// As published, and with the dot that some mirrors have; unpacked before packed.
std::vector<std::string> names_of(Split split, const File& file) {
  const std::string start = std::string(split == Split::kTrain ? "train-" : "t10k-") + file.part;
  const std::string end = "idx" + std::to_string(file.rank) + "-ubyte";
  return {start + "-" + end, start + "." + end, start + "-" + end + ".gz",
          start + "." + end + ".gz"};
}

std::string find_file(const std::string& given, Split split, const File& file) {
  const std::vector<std::string> names = names_of(split, file);
  for (const char* folder : kFolders) {
    for (const std::string& name : names) {
      const fs::path path = fs::path(given) / folder / name;
      if (fs::is_regular_file(path)) return path.string();
    }
  }
  throw Error(ErrorCode::kNotFound,
              given + ": " + (fs::is_directory(given) ? "holds no " + names[0] : "is no folder") +
                  "; expected MNIST's IDX files, gzipped or not: train-images-idx3-ubyte, "
                  "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte");
}

std::vector<std::int64_t> select_labels(const std::vector<std::uint8_t>& all,
                                        const std::vector<std::int64_t>& samples,
                                        std::int64_t classes, const std::string& path) {
  const auto largest = std::max_element(all.begin(), all.end());
  if (*largest >= classes) {
    throw Error(ErrorCode::kInvalidFile,
                path + ": label " + std::to_string(largest - all.begin()) + " is " +
                    std::to_string(*largest) +
                    "; expected labels below classes=" + std::to_string(classes));
  }
  std::vector<std::int64_t> labels;
  for (std::int64_t sample : samples) labels.push_back(all[static_cast<std::size_t>(sample)]);
  return labels;
}

std::vector<std::uint8_t> select_pixels(const IdxArray& all,
                                        const std::vector<std::int64_t>& samples) {
  const auto size = static_cast<std::ptrdiff_t>(all.shape[1] * all.shape[2]);
  std::vector<std::uint8_t> pixels;
  pixels.reserve(samples.size() * static_cast<std::size_t>(size));
  for (std::int64_t sample : samples) {
    const auto begin = all.values.begin() + sample * size;
    pixels.insert(pixels.end(), begin, begin + size);
  }
  return pixels;
}

std::unique_ptr<Dataset> open_mnist(const DataSpec& spec) {
  const Split split = spec.split.value_or(Split::kTest);
  const std::string images_path = find_file(spec.path, split, kImages);
  const std::string labels_path = find_file(spec.path, split, kLabels);
  const IdxArray labels = load_idx(labels_path, 1);
  const IdxArray images = load_idx(images_path, 3);
  if (labels.shape[0] != images.shape[0]) {
    throw Error(ErrorCode::kInvalidFile, labels_path + ": holds " +
                                             std::to_string(labels.shape[0]) + " labels for " +
                                             std::to_string(images.shape[0]) + " pictures in " +
                                             images_path + "; expected as many; get both again");
  }
  check_picture_size(static_cast<std::uint64_t>(images.shape[2]),
                     static_cast<std::uint64_t>(images.shape[1]), images_path);
  const auto samples = select_samples(images.shape[0], spec, spec.path);
  PictureSetInfo pictures;
  pictures.classes = spec.classes.value_or(kClasses);
  pictures.labels = select_labels(labels.values, samples, pictures.classes, labels_path);
  pictures.size = {static_cast<int>(images.shape[2]), static_cast<int>(images.shape[1])};
  pictures.channels = 1;
  // A mirrored digit is no digit.
  pictures.train_augmentation = Augment::kNone;
  return make_memory_dataset(spec, std::move(pictures), select_pixels(images, samples));
}

}  // namespace

DataSource mnist_data_source() {
  return {"mnist",
          "mnist:DIR",
          "MNIST, Fashion-MNIST and their kin: IDX files, gzipped or not, 60000 + 10000 pictures",
          open_mnist,
          {}};
}

}  // namespace gradus
