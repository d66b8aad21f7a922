// CIFAR-10, binary version (Krizhevsky 2009): files of 10,000 records, each one label byte and 1024
// red, 1024 green and 1024 blue bytes, row by row.
#include <filesystem>

#include "gradus/base/error.h"
#include "gradus/base/file.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRecords = 10000;
constexpr std::size_t kPixels = 32 * 32;
constexpr std::size_t kRecordBytes = 1 + 3 * kPixels;
constexpr std::uint64_t kFileBytes = kRecords * kRecordBytes;
constexpr std::int64_t kClasses = 10;

// The folder itself or the one that the archive unpacks to.
fs::path find_folder(const std::string& given) {
  for (const fs::path& folder : {fs::path(given), fs::path(given) / "cifar-10-batches-bin"}) {
    if (fs::exists(folder / "test_batch.bin") || fs::exists(folder / "data_batch_1.bin")) {
      return folder;
    }
  }
  const std::string found = !fs::is_directory(given) ? "is no folder"
                            : fs::exists(fs::path(given) / "test_batch")
                                ? "holds the Python version"
                                : "holds no test_batch.bin";
  throw Error(ErrorCode::kNotFound,
              given + ": " + found +
                  "; expected CIFAR-10's binary version: data_batch_1.bin to "
                  "data_batch_5.bin and test_batch.bin; get cifar-10-binary.tar.gz");
}

std::vector<std::string> files_of(const fs::path& folder, Split split) {
  std::vector<std::string> files;
  if (split == Split::kTest) return {(folder / "test_batch.bin").string()};
  for (int i = 1; i <= 5; ++i) {
    files.push_back((folder / ("data_batch_" + std::to_string(i) + ".bin")).string());
  }
  return files;
}

void check_size(const std::string& file) {
  std::error_code failure;
  const std::uint64_t size = fs::file_size(file, failure);
  if (failure) {
    throw Error(ErrorCode::kNotFound, file + ": cannot be opened: " + failure.message() +
                                          "; expected a file of CIFAR-10's binary version");
  }
  if (size != kFileBytes) {
    throw Error(ErrorCode::kInvalidFile, file + ": is " + std::to_string(size) +
                                             " bytes; expected " + std::to_string(kFileBytes) +
                                             " (10000 pictures of 3073); get it again");
  }
}

// Where a record of a file goes in the data set.
struct Place {
  std::int64_t record = 0;
  std::size_t sample = 0;
};

void read_records(const std::string& file, const std::vector<Place>& places,
                  std::vector<std::int64_t>& labels, std::vector<std::uint8_t>& pixels) {
  const std::vector<std::byte> bytes = read_file(file, kFileBytes);
  if (bytes.size() != kFileBytes) check_size(file);
  for (const Place& place : places) {
    const std::byte* record = bytes.data() + static_cast<std::size_t>(place.record) * kRecordBytes;
    const auto label = static_cast<std::int64_t>(record[0]);
    if (label >= kClasses) {
      throw Error(ErrorCode::kInvalidFile, file + ": record " + std::to_string(place.record) +
                                               " has label " + std::to_string(label) +
                                               "; expected 0 to 9; get the file again");
    }
    labels[place.sample] = label;
    std::uint8_t* to = pixels.data() + place.sample * 3 * kPixels;
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        to[pixel * 3 + channel] = static_cast<std::uint8_t>(record[1 + channel * kPixels + pixel]);
      }
    }
  }
}

std::unique_ptr<Dataset> open_cifar10(const DataSpec& spec) {
  check_classes(spec, kClasses);
  const auto files = files_of(find_folder(spec.path), spec.split.value_or(Split::kTest));
  for (const std::string& file : files) check_size(file);
  const auto samples = select_samples(std::ssize(files) * kRecords, spec, spec.path);
  std::vector<std::vector<Place>> places(files.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    places[static_cast<std::size_t>(samples[i] / kRecords)].push_back({samples[i] % kRecords, i});
  }
  PictureSetInfo pictures;
  pictures.classes = kClasses;
  pictures.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                          "dog",      "frog",       "horse", "ship", "truck"};
  pictures.size = {32, 32};
  pictures.train_augmentation = Augment::kPadCropFlip;
  pictures.labels.resize(samples.size());
  std::vector<std::uint8_t> pixels(samples.size() * 3 * kPixels);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!places[i].empty()) read_records(files[i], places[i], pictures.labels, pixels);
  }
  return make_memory_dataset(spec, std::move(pictures), std::move(pixels));
}

}  // namespace

DataSource cifar10_data_source() {
  return {"cifar10", "cifar10:DIR", "CIFAR-10, binary version: 50000 + 10000 pictures of 32x32",
          open_cifar10};
}

}  // namespace gradus
