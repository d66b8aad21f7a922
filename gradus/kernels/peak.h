// The rate that the machine itself can multiply and add at: loops over registers only, no memory.
// `gradus bench` prints every layer's share of it.
#pragma once

#include <span>

#include "gradus/base/cpu.h"

namespace gradus::kernels {

struct PeakLoop {
  const char* name;  // the instructions of one step
  Isa isa;
  double macs;  // multiply-adds of one iteration
  void (*run)(long iterations) noexcept;
};

// Fastest instruction set first; of one instruction set, the fastest 8-bit loop first.
std::span<const PeakLoop> peak_loops() noexcept;

// Multiply-adds a second of one thread, in units of 1e9: the best of short bursts within about
// `milliseconds`.
double measure_peak(const PeakLoop& loop, double milliseconds = 20.0);

// measure_peak of the first loop of at most `isa`.
double peak_gmacs(Isa isa, double milliseconds = 20.0);

}  // namespace gradus::kernels
