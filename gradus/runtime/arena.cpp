#include "gradus/runtime/arena.h"

#include <algorithm>
#include <numeric>

namespace gradus {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t round_up(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

struct Placed {
  std::size_t offset;
  std::size_t end;
  const Lifetime* lifetime;
};

// `placed` is sorted by offset.
std::size_t find_offset(const Lifetime& wanted, const std::vector<Placed>& placed) {
  std::size_t best = 0;
  std::size_t best_gap = 0;
  bool found = false;
  std::size_t free_from = 0;
  for (const Placed& other : placed) {
    if (!meet(*other.lifetime, wanted)) continue;
    if (other.offset >= free_from + wanted.bytes) {
      const std::size_t gap = other.offset - free_from;
      if (!found || gap < best_gap) {
        best = free_from;
        best_gap = gap;
        found = true;
      }
    }
    free_from = std::max(free_from, other.end);
  }
  return found ? best : free_from;
}

}  // namespace

Placement place(std::span<const Lifetime> lifetimes) {
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lifetimes[a].bytes > lifetimes[b].bytes;
  });
  Placement result;
  result.offsets.resize(lifetimes.size());
  std::vector<Placed> placed;
  for (std::size_t i : order) {
    if (lifetimes[i].bytes == 0) continue;
    const std::size_t offset = find_offset(lifetimes[i], placed);
    const Placed block = {offset, offset + round_up(lifetimes[i].bytes), &lifetimes[i]};
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), block,
                         [](const Placed& a, const Placed& b) { return a.offset < b.offset; }),
        block);
    result.offsets[i] = offset;
    result.bytes = std::max(result.bytes, block.end);
  }
  return result;
}

}  // namespace gradus
