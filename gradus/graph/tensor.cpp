#include "gradus/graph/tensor.h"

#include <atomic>
#include <mutex>
#include <utility>

namespace gradus {

std::size_t dtype_bytes(DType dtype) noexcept {
  switch (dtype) {
    case DType::kFloat64:
    case DType::kInt64:
    case DType::kUint64:
      return 8;
    case DType::kFloat32:
    case DType::kInt32:
    case DType::kUint32:
      return 4;
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kInt16:
    case DType::kUint16:
      return 2;
    default:
      return 1;
  }
}

const char* dtype_name(DType dtype) noexcept {
  static constexpr const char* kNames[] = {
      "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
      "uint16",  "uint32",  "uint64",  "bool",     "int4", "uint4", "int2",  "uint2"};
  return kNames[static_cast<std::size_t>(dtype)];
}

DType dtype_in_memory(DType dtype) noexcept {
  switch (dtype) {
    case DType::kInt4:
    case DType::kInt2:
      return DType::kInt8;
    case DType::kUint4:
    case DType::kUint2:
      return DType::kUint8;
    default:
      return dtype;
  }
}

// Either bytes, or one element that stands for all; the bytes of that are made by the first reader.
struct Tensor::Storage {
  std::vector<std::byte> bytes;
  std::vector<std::byte> element;  // empty: not filled
  std::size_t filled_bytes = 0;    // how many there are once made
  std::once_flag once;
  std::atomic<bool> made{false};

  void make() {
    std::call_once(once, [this] {
      write_all(bytes);
      made.store(true, std::memory_order_release);
    });
  }
  void write_all(std::vector<std::byte>& out) const {
    out.resize(filled_bytes);
    for (std::size_t at = 0; at < out.size(); at += element.size()) {
      std::memcpy(out.data() + at, element.data(), element.size());
    }
  }
};

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const auto count = element_count(shape_);
  check(count.has_value(), "tensor with an unknown shape");
  if (*count == 0) return;
  storage_ = std::make_shared<Storage>();
  storage_->bytes.resize(static_cast<std::size_t>(*count) * dtype_bytes(dtype_));
}

Tensor Tensor::filled(const Tensor& element, Shape shape) {
  check(element.size() == 1, "a tensor is filled with one element");
  const auto count = element_count(shape);
  check(count.has_value(), "tensor with an unknown shape");
  const std::span<const std::byte> bytes =
      element.is_filled() ? std::span<const std::byte>(element.storage_->element) : element.bytes();
  Tensor tensor;
  tensor.dtype_ = element.dtype_;
  tensor.shape_ = std::move(shape);
  if (*count == 0) return tensor;
  tensor.storage_ = std::make_shared<Storage>();
  if (*count == 1) {
    tensor.storage_->bytes.assign(bytes.begin(), bytes.end());
  } else {
    tensor.storage_->element.assign(bytes.begin(), bytes.end());
    tensor.storage_->filled_bytes = static_cast<std::size_t>(*count) * bytes.size();
  }
  return tensor;
}

std::int64_t Tensor::size() const noexcept { return element_count(shape_).value_or(0); }

std::size_t Tensor::byte_count() const noexcept {
  return static_cast<std::size_t>(size()) * dtype_bytes(dtype_);
}

bool Tensor::is_filled() const noexcept { return storage_ && !storage_->element.empty(); }

Tensor Tensor::element() const {
  check(is_filled(), "a tensor of several numbers has no one element");
  Tensor one(dtype_, {});
  std::memcpy(one.bytes().data(), storage_->element.data(), storage_->element.size());
  return one;
}

std::size_t Tensor::bytes_unmade() const noexcept {
  return is_filled() && !storage_->made.load(std::memory_order_acquire) ? byte_count() : 0;
}

std::span<const std::byte> Tensor::bytes() const {
  if (!storage_) return {};
  if (is_filled()) storage_->make();
  return storage_->bytes;
}

std::span<std::byte> Tensor::bytes() {
  if (!storage_) return {};
  // What others share stays as it is. Writing to copies in several threads is safe as it is with
  // vectors: each has let go of what they shared, or is the last to hold it.
  if (is_filled() && storage_.use_count() == 1) {
    storage_->make();
    storage_->element.clear();
  } else if (storage_.use_count() > 1) {
    auto own = std::make_shared<Storage>();
    if (bytes_unmade() > 0) {
      storage_->write_all(own->bytes);
    } else {
      own->bytes = storage_->bytes;
    }
    storage_ = std::move(own);
  }
  return storage_->bytes;
}

void Tensor::reshape(Shape shape) {
  check(element_count(shape) == size(), "reshape to another number of elements");
  shape_ = std::move(shape);
}

}  // namespace gradus
