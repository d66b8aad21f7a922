// libFuzzer's entry: a finding ends the process, which is how libFuzzer learns of it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const gradus::fuzz::Target target = gradus::fuzz::target();
  try {
    gradus::fuzz::judge(target, std::as_bytes(std::span(data, size)));
  } catch (const gradus::fuzz::Finding& finding) {
    std::fprintf(stderr, "finding: %s\n", finding.what());
    std::abort();
  }
  return 0;
}
