// The functions behind the list in table.cpp.
#pragma once

#include "gradus/kernels/output_stage/output_stage.h"

namespace gradus::kernels {

void output_stage_scalar(const OutputStageParams& params, const OutputTile& tile) noexcept;
void output_stage_avx2(const OutputStageParams& params, const OutputTile& tile) noexcept;
void output_stage_avx512vnni(const OutputStageParams& params, const OutputTile& tile) noexcept;

}  // namespace gradus::kernels
