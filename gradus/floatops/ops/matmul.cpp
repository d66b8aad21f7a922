// MatMul of any rank with numpy's rules, and Gemm in normal form.
#include "gradus/floatops/cells.h"
#include "gradus/floatops/float_op.h"
#include "gradus/floatops/multiply.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

// A vector on the left is a row, on the right a column; the axis of 1 is not in the output.
void matmul(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  Shape a = in[0].shape, b = in[1].shape;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const std::int64_t rows = a[a.size() - 2], depth = a.back(), columns = b.back();
  Shape batch(std::max(a.size(), b.size()) - 2, 1);
  const auto spread = [&](const Shape& shape) {
    for (std::size_t i = 0; i + 2 < shape.size(); ++i) {
      std::int64_t& size = batch[batch.size() + 2 - shape.size() + i];
      if (size == 1) size = shape[i];
    }
  };
  spread(a), spread(b);
  const auto a_steps = floatops::broadcast_strides({a.begin(), a.end() - 2}, batch);
  const auto b_steps = floatops::broadcast_strides({b.begin(), b.end() - 2}, batch);
  const std::int64_t count = floatops::product(batch, 0, batch.size());
  for (std::int64_t item = 0; item < count; ++item) {
    std::int64_t rest = item, a_item = 0, b_item = 0;
    for (std::size_t axis = batch.size(); axis-- > 0; rest /= batch[axis]) {
      a_item += rest % batch[axis] * a_steps[axis];
      b_item += rest % batch[axis] * b_steps[axis];
    }
    floatops::multiply({in[0].data.data() + a_item * rows * depth, depth, 1},
                       {in[1].data.data() + b_item * depth * columns, columns, 1}, rows, depth,
                       columns, nullptr, out[0].data.data() + item * rows * columns, columns);
  }
}

// x [batch, in], w [out, in], bias [out] or none. Computed as w * x^T, the bias along its rows.
void gemm(const Attributes&, std::span<const FloatInput> in, std::span<const FloatOutput> out) {
  const std::int64_t batch = in[0].shape[0], depth = in[0].shape[1], outputs = in[1].shape[0];
  const float* bias = in.size() > 2 && in[2].given() ? in[2].data.data() : nullptr;
  std::vector<float> columns(static_cast<std::size_t>(batch * outputs));
  floatops::multiply({in[1].data.data(), depth, 1}, {in[0].data.data(), 1, depth}, outputs, depth,
                     batch, bias, columns.data(), batch);
  for (std::int64_t item = 0; item < batch; ++item) {
    for (std::int64_t i = 0; i < outputs; ++i) {
      out[0].data[static_cast<std::size_t>(item * outputs + i)] =
          columns[static_cast<std::size_t>(i * batch + item)];
    }
  }
}

}  // namespace

floatops::FloatOpFamily matmul_float_op() {
  return {FloatOp{.type = "MatMul", .run = matmul}, FloatOp{.type = "Gemm", .run = gemm}};
}

}  // namespace gradus
