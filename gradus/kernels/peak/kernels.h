// The loops behind the list in peak.cpp.
#pragma once

namespace gradus::kernels {

void peak_scalar(long iterations) noexcept;
void peak_pairs_avx2(long iterations) noexcept;
void peak_wide_avx2(long iterations) noexcept;
void peak_vnni_avx512vnni(long iterations) noexcept;

}  // namespace gradus::kernels
