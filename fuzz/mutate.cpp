#include "fuzz/mutate.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace gradus::fuzz {
namespace {

std::size_t place(const std::string& file, Rng& rng) {
  return static_cast<std::size_t>(rng.below(file.size() + 1));
}

// A piece's length: mostly short.
std::size_t length_up_to(std::size_t most, Rng& rng) {
  const std::uint64_t wanted = std::uint64_t{1} << rng.below(11);
  return std::min<std::size_t>(most, static_cast<std::size_t>(1 + rng.below(wanted)));
}

void flip_bit(std::string& file, Rng& rng) {
  if (file.empty()) return;
  file[rng.below(file.size())] ^= static_cast<char>(1u << rng.below(8));
}

void replace_byte(std::string& file, Rng& rng) {
  constexpr std::uint8_t kOften[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '0', '9', '-', '"', '{', '\n'};
  if (file.empty()) return;
  const std::uint64_t pick = rng.below(2 * std::size(kOften));
  const std::uint8_t byte =
      pick < std::size(kOften) ? kOften[pick] : static_cast<std::uint8_t>(rng.next());
  file[rng.below(file.size())] = static_cast<char>(byte);
}

// Lengths, counts and offsets: the numbers at which readers go wrong, in either byte order.
void replace_number(std::string& file, Rng& rng) {
  const std::size_t width = std::size_t{1} << rng.below(4);
  if (file.size() < width) return;
  const std::uint64_t power = std::uint64_t{1} << rng.below(64);
  const std::uint64_t choices[] = {0,      power,       power - 1,     ~std::uint64_t{0},
                                   ~power, file.size(), rng.below(300)};
  std::uint64_t value = choices[rng.below(std::size(choices))];
  if (rng.below(2) == 0) value = __builtin_bswap64(value) >> (64 - 8 * width);
  std::memcpy(&file[rng.below(file.size() - width + 1)], &value, width);
}

void cut_end(std::string& file, Rng& rng) { file.resize(place(file, rng)); }

void erase_piece(std::string& file, Rng& rng) {
  const std::size_t at = place(file, rng);
  file.erase(at, length_up_to(file.size() - at, rng));
}

void repeat_piece(std::string& file, Rng& rng) {
  const std::size_t at = place(file, rng);
  const std::string piece = file.substr(at, length_up_to(file.size() - at, rng));
  file.insert(place(file, rng), piece);
}

void insert_noise(std::string& file, Rng& rng) {
  std::string noise(length_up_to(64, rng), '\0');
  for (char& c : noise) c = static_cast<char>(rng.next());
  file.insert(place(file, rng), noise);
}

void splice(std::string& file, std::span<const std::string> others, Rng& rng) {
  const std::string& other = others[rng.below(others.size())];
  const std::size_t from = place(other, rng);
  const std::string piece = other.substr(from, length_up_to(other.size() - from, rng));
  const std::size_t at = place(file, rng);
  if (rng.below(2) == 0)
    file.insert(at, piece);
  else
    file.replace(at, std::min(piece.size(), file.size() - at), piece);
}

}  // namespace

std::string mutated(const std::string& file, std::span<const std::string> others, Rng& rng) {
  std::string result = file;
  const std::uint64_t changes = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < changes; ++i) {
    switch (rng.below(10)) {
      case 0:
      case 1:
        flip_bit(result, rng);
        break;
      case 2:
        replace_byte(result, rng);
        break;
      case 3:
      case 4:
        replace_number(result, rng);
        break;
      case 5:
        cut_end(result, rng);
        break;
      case 6:
        erase_piece(result, rng);
        break;
      case 7:
        repeat_piece(result, rng);
        break;
      case 8:
        insert_noise(result, rng);
        break;
      default:
        splice(result, others, rng);
    }
  }
  return result;
}

}  // namespace gradus::fuzz
