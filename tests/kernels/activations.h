// An activation tensor with a halo in guarded memory: exactly the bytes that tensor_view.h
// promises.
#pragma once

#include <cstdint>
#include <random>

#include "gradus/kernels/tensor_view.h"
#include "tests/kernels/guarded.h"

namespace gradus::kernels {

struct Extent {
  std::int32_t batch = 1, height = 1, width = 1, channels = 1;
  std::int32_t halo_top = 0, halo_bottom = 0, halo_left = 0, halo_right = 0;
  std::int32_t pixel_step = 0;  // 0: channels
};

class Activations {
 public:
  // `allowance`: bytes past the last pixel that may be read, 64 in the engine's arena.
  explicit Activations(const Extent& e, std::size_t allowance = 0,
                       Guarded::Side side = Guarded::Side::kEnd)
      : extent_(e), size_(bytes(e)), memory_(size_ + allowance, side) {
    view_.height = e.height;
    view_.width = e.width;
    view_.channels = e.channels;
    view_.pixel_step = step(e);
    view_.row_step = view_.pixel_step * (e.halo_left + e.width + e.halo_right);
    view_.image_step = view_.row_step * (e.halo_top + e.height + e.halo_bottom);
    view_.data =
        memory_.as<std::uint8_t>() + e.halo_top * view_.row_step + e.halo_left * view_.pixel_step;
  }

  const ActivationView& view() const noexcept { return view_; }
  const Extent& extent() const noexcept { return extent_; }
  std::size_t size() const noexcept { return size_; }
  std::uint8_t* bytes() noexcept { return memory_.as<std::uint8_t>(); }

  // Random codes up to `max` everywhere, halo and padding channels too.
  void fill_random(std::mt19937& random, std::int32_t max) {
    for (std::size_t i = 0; i < size_; ++i) {
      bytes()[i] = static_cast<std::uint8_t>(random() % (static_cast<std::uint32_t>(max) + 1));
    }
  }
  void fill(std::uint8_t code) {
    for (std::size_t i = 0; i < size_; ++i) bytes()[i] = code;
  }

 private:
  static std::int32_t step(const Extent& e) {
    return e.pixel_step == 0 ? e.channels : e.pixel_step;
  }
  static std::size_t bytes(const Extent& e) {
    return static_cast<std::size_t>(e.batch) *
           static_cast<std::size_t>(e.halo_top + e.height + e.halo_bottom) *
           static_cast<std::size_t>(e.halo_left + e.width + e.halo_right) *
           static_cast<std::size_t>(step(e));
  }

  Extent extent_;
  std::size_t size_;
  Guarded memory_;
  ActivationView view_;
};

}  // namespace gradus::kernels
