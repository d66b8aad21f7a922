// Counts every call of operator new in the test program that links counted_new.cpp, which replaces
// it: such a test is a program of its own.
#pragma once

#include <cstdint>

namespace gradus::testing_support {

// Since the program began, in every thread.
std::int64_t allocations() noexcept;

}  // namespace gradus::testing_support
