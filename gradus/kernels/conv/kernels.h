// The functions behind the list in table.cpp: what is plain code (layout.cpp, scalar.cpp) and the
// inner loops, one file an instruction set.
#pragma once

#include "gradus/kernels/conv/conv.h"

namespace gradus::kernels {

// Scalar: any problem. Items are output rows.
const char* conv_scalar_unsupported(const ConvProblem& problem) noexcept;
std::size_t conv_scalar_packed_bytes(const ConvProblem& problem) noexcept;
void conv_scalar_pack(const ConvProblem& problem, std::byte* packed) noexcept;
std::size_t conv_scalar_scratch_bytes(const ConvShape& shape) noexcept;
std::int64_t conv_rows(const ConvShape& shape, std::int64_t batch) noexcept;
void conv_scalar_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                     std::byte* scratch) noexcept;

// u8 x s8, four channels a step, any groups but depthwise.
const char* conv_u8s8_unsupported(const ConvProblem& problem) noexcept;
// The same, where no pair of products passes int16.
const char* conv_u8s8_pairs_unsupported(const ConvProblem& problem) noexcept;
// u8 x s9 as int16 pairs.
const char* conv_u8s16_unsupported(const ConvProblem& problem) noexcept;

std::size_t conv_avx512_packed_bytes(const ConvProblem& problem) noexcept;
void conv_avx512_pack(const ConvProblem& problem, std::byte* packed) noexcept;
std::int64_t conv_avx512_work_items(const ConvShape& shape, std::int64_t batch) noexcept;
std::size_t conv_tile_scratch_bytes(const ConvShape& shape) noexcept;
void conv_u8s8_avx512vnni_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                              std::byte* scratch) noexcept;

std::size_t conv_avx2_pairs_packed_bytes(const ConvProblem& problem) noexcept;
void conv_avx2_pairs_pack(const ConvProblem& problem, std::byte* packed) noexcept;
std::int64_t conv_avx2_pairs_work_items(const ConvShape& shape, std::int64_t batch) noexcept;
void conv_u8s8_pairs_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                              std::byte* scratch) noexcept;

std::size_t conv_avx2_wide_packed_bytes(const ConvProblem& problem) noexcept;
void conv_avx2_wide_pack(const ConvProblem& problem, std::byte* packed) noexcept;
std::int64_t conv_avx2_wide_work_items(const ConvShape& shape, std::int64_t batch) noexcept;
std::size_t conv_avx2_wide_scratch_bytes(const ConvShape& shape) noexcept;
void conv_u8s16_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                         std::byte* scratch) noexcept;

// Depthwise, any weights. Items are output rows (conv_rows).
const char* conv_depthwise_unsupported(const ConvProblem& problem) noexcept;
std::size_t conv_depthwise_scratch_bytes(const ConvShape& shape) noexcept;
std::size_t conv_depthwise_avx2_packed_bytes(const ConvProblem& problem) noexcept;
void conv_depthwise_avx2_pack(const ConvProblem& problem, std::byte* packed) noexcept;
void conv_depthwise_avx2_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                             std::byte* scratch) noexcept;
std::size_t conv_depthwise_avx512_packed_bytes(const ConvProblem& problem) noexcept;
void conv_depthwise_avx512_pack(const ConvProblem& problem, std::byte* packed) noexcept;
void conv_depthwise_avx512vnni_run(const ConvArgs& args, std::int64_t begin, std::int64_t end,
                                   std::byte* scratch) noexcept;

}  // namespace gradus::kernels
