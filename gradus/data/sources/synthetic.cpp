// Generated pictures: something to learn on a machine that has no data.
#include <algorithm>
#include <thread>

#include "gradus/base/error.h"
#include "gradus/base/thread_pool.h"
#include "gradus/data/picture_dataset.h"
#include "gradus/data/shapes.h"
#include "gradus/data/source.h"

namespace gradus {
namespace {

constexpr std::int64_t kTrainSize = 8192;
constexpr std::int64_t kTestSize = 2048;
constexpr std::int64_t kMaxSize = 300000;  // held in memory: 1 GB
constexpr std::size_t kPictureBytes = kShapeSide * kShapeSide * kShapeChannels;

std::vector<std::uint8_t> draw_all(std::uint64_t seed, std::int64_t offset, std::int64_t size) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size) * kPictureBytes);
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  ThreadPool pool(static_cast<int>(std::min(cores, 16u)));
  pool.parallel_for(size, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      draw_shape(
          seed, static_cast<std::uint64_t>(offset + i),
          std::span(bytes).subspan(static_cast<std::size_t>(i) * kPictureBytes, kPictureBytes));
    }
  });
  return bytes;
}

std::unique_ptr<Dataset> open_synthetic(const DataSpec& spec) {
  const std::string where = "data '" + to_string(spec) + "'";
  if (spec.path != "shapes") {
    throw Error(ErrorCode::kInvalidArgument,
                where + ": found '" + spec.path + "'; expected shapes");
  }
  check_classes(spec, std::ssize(shape_names()));
  const Split split = spec.split.value_or(Split::kTest);
  const std::int64_t size = spec.limit.value_or(split == Split::kTrain ? kTrainSize : kTestSize);
  if (size > kMaxSize) {
    throw Error(ErrorCode::kInvalidArgument, where + ": found limit=" + std::to_string(size) +
                                                 "; expected at most " + std::to_string(kMaxSize));
  }
  const std::int64_t offset = spec.offset.value_or(0);
  PictureSetInfo pictures;
  pictures.classes = std::ssize(shape_names());
  pictures.class_names = shape_names();
  pictures.size = {kShapeSide, kShapeSide};
  pictures.channels = kShapeChannels;
  pictures.train_augmentation = Augment::kFlip;
  for (std::int64_t i = 0; i < size; ++i) {
    pictures.labels.push_back(shape_label(static_cast<std::uint64_t>(offset + i)));
  }
  // The splits are two series that never meet.
  const std::uint64_t seed =
      static_cast<std::uint64_t>(spec.seed.value_or(0)) * 2 + (split == Split::kTrain ? 1 : 0);
  return make_memory_dataset(spec, std::move(pictures), draw_all(seed, offset, size));
}

}  // namespace

DataSource synthetic_data_source() {
  return {"synthetic", "synthetic:shapes",
          "ten figures on noisy ground, generated: 8192 + 2048 pictures of 32x32, or limit=N",
          open_synthetic};
}

}  // namespace gradus
