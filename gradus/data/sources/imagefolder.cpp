// One folder a class, as torchvision's ImageFolder reads them: classes are the folders in the order
// of their names, pictures all files below that have a picture's extension, whatever its case.
#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "gradus/base/error.h"
#include "gradus/data/limits.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kRead = {".jpg", ".jpeg", ".png"};
// torchvision would take them: leaving them out would make another data set.
constexpr std::array<const char*, 6> kNotRead = {".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"};
constexpr std::array<const char*, 4> kTestNames = {"test", "val", "valid", "validation"};

template <std::size_t N>
bool has_extension(const std::string& name, const std::array<const char*, N>& extensions) {
  std::string lower = name;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const char* extension) { return lower.ends_with(extension); });
}

// Names in `folder`, sorted; links count as what they lead to.
struct Listing {
  std::vector<std::string> folders;
  std::vector<std::string> files;
};
Listing list_folder(const fs::path& folder) {
  Listing listing;
  std::error_code failure;
  fs::directory_iterator at(folder, failure);
  for (; !failure && at != fs::directory_iterator(); at.increment(failure)) {
    std::error_code unknown;
    const bool is_folder = at->is_directory(unknown);
    (is_folder ? listing.folders : listing.files).push_back(at->path().filename().string());
  }
  if (failure) {
    throw Error(ErrorCode::kNotFound, folder.string() + ": cannot be read: " + failure.message());
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

// Collects the pictures of one class: in the order of the folders' whole paths, then of names.
class ClassReader {
 public:
  ClassReader(const fs::path& root, std::vector<std::string>& paths) : root_(root), paths_(paths) {}

  void read(const std::string& name) {
    folders_.clear();
    walk(name, 0);
    std::sort(folders_.begin(), folders_.end(),
              [](const Folder& a, const Folder& b) { return a.path < b.path; });
    const std::size_t before = paths_.size();
    for (const Folder& folder : folders_) {
      for (const std::string& file : folder.files) add(folder.path + "/" + file);
    }
    if (paths_.size() > before) return;
    throw Error(ErrorCode::kInvalidFile,
                (root_ / name).string() +
                    ": holds no picture; expected at least one .jpg, .jpeg or .png in every class "
                    "folder; remove the folder or fill it");
  }

 private:
  struct Folder {
    std::string path;
    std::vector<std::string> files;
  };

  void walk(const std::string& path, int depth) {
    if (depth > kMaxFolderDepth) {
      throw Error(ErrorCode::kInvalidFile, (root_ / path).string() + ": lies more than " +
                                               std::to_string(kMaxFolderDepth) +
                                               " folders deep; does a link lead in a circle?");
    }
    Listing listing = list_folder(root_ / path);
    folders_.push_back({path, std::move(listing.files)});
    for (const std::string& folder : listing.folders) walk(path + "/" + folder, depth + 1);
  }

  void add(const std::string& path) {
    if (has_extension(path, kNotRead)) {
      throw Error(ErrorCode::kUnsupported,
                  (root_ / path).string() +
                      ": is a picture of a kind that is not read; expected .jpg, .jpeg or .png; "
                      "convert it or remove it");
    }
    if (!has_extension(path, kRead)) return;
    if (paths_.size() == kMaxFolderPictures) {
      throw Error(ErrorCode::kInvalidFile, root_.string() + ": holds more than " +
                                               std::to_string(kMaxFolderPictures) + " pictures");
    }
    paths_.push_back(path);
  }

  const fs::path& root_;
  std::vector<std::string>& paths_;
  std::vector<Folder> folders_;
};

bool holds_folders(const fs::path& folder) {
  return fs::is_directory(folder) && !list_folder(folder).folders.empty();
}

struct Roots {
  fs::path pictures;
  fs::path classes;  // whose folders number the classes
};

// DIR/train beside DIR/test (or val) where they are, else DIR for both.
Roots find_roots(const std::string& given, Split split) {
  if (!fs::is_directory(given)) {
    throw Error(ErrorCode::kNotFound,
                given + ": is no folder; expected one with a folder of pictures for every class");
  }
  const fs::path train = fs::path(given) / "train";
  if (!holds_folders(train)) return {given, given};
  if (split == Split::kTrain) return {train, train};
  for (const char* name : kTestNames) {
    const fs::path test = fs::path(given) / name;
    if (holds_folders(test)) return {test, train};
  }
  throw Error(ErrorCode::kNotFound,
              given +
                  ": holds train but neither test nor val with a folder for every class; "
                  "expected one of them, or split=train, or the folder of the pictures itself");
}

// The classes' names, in the order of their labels.
std::vector<std::string> class_names(const Roots& roots) {
  std::vector<std::string> names = list_folder(roots.classes).folders;
  if (names.empty()) {
    throw Error(ErrorCode::kInvalidFile,
                roots.classes.string() +
                    ": holds no folder; expected a folder of pictures for every class");
  }
  for (const std::string& name : list_folder(roots.pictures).folders) {
    if (std::binary_search(names.begin(), names.end(), name)) continue;
    throw Error(ErrorCode::kInvalidFile, (roots.pictures / name).string() + ": is a class that " +
                                             roots.classes.string() +
                                             " has not; expected the same classes in both");
  }
  return names;
}

std::unique_ptr<Dataset> open_imagefolder(const DataSpec& spec) {
  const Roots roots = find_roots(spec.path, spec.split.value_or(Split::kTest));
  PictureSetInfo pictures;
  pictures.class_names = class_names(roots);
  pictures.classes = std::ssize(pictures.class_names);
  check_classes(spec, pictures.classes);
  pictures.train_augmentation = Augment::kFlip;
  std::vector<std::string> all;
  std::vector<std::int64_t> labels;
  ClassReader reader(roots.pictures, all);
  for (std::int64_t label = 0; label < pictures.classes; ++label) {
    const std::string& name = pictures.class_names[static_cast<std::size_t>(label)];
    // A test folder may lack a class; the one that numbers them may not.
    if (fs::is_directory(roots.pictures / name)) reader.read(name);
    labels.resize(all.size(), label);
  }
  PictureFiles files{roots.pictures.string(), {}, true};
  for (std::int64_t sample : select_samples(std::ssize(all), spec, spec.path)) {
    files.paths.push_back(all[static_cast<std::size_t>(sample)]);
    pictures.labels.push_back(labels[static_cast<std::size_t>(sample)]);
  }
  return make_file_dataset(spec, std::move(pictures), std::move(files));
}

}  // namespace

DataSource imagefolder_data_source() {
  return {"imagefolder",
          "imagefolder:DIR",
          "JPEG and PNG pictures, one folder a class; DIR/train and DIR/test or val where they are",
          open_imagefolder,
          {"cache"}};
}

}  // namespace gradus
