#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/engine.h"
#include "gradus/runtime/reference.h"
#include "tests/suites/cmsis_nn.h"

namespace gradus::cmsis_nn {
namespace {

QTensor code_tensor(const std::string& name, std::int32_t height, std::int32_t width,
                    std::int32_t channels, int bits, std::int32_t zero_point) {
  QTensor tensor;
  tensor.name = name;
  tensor.height = height;
  tensor.width = width;
  tensor.channels = channels;
  tensor.bits = bits;
  const std::int32_t half = std::int32_t{1} << (bits - 1);
  tensor.grid = {-half, half - 1, false};
  tensor.zero_point = zero_point;
  return tensor;
}

// visit(index in [batch, h, w, c], index in [batch, c, h, w])
template <typename Visit>
void for_each_place(const QTensor& t, std::int64_t batch, Visit visit) {
  std::size_t last = 0;
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t y = 0; y < t.height; ++y) {
      for (std::int64_t x = 0; x < t.width; ++x) {
        for (std::int64_t c = 0; c < t.channels; ++c) {
          visit(last++,
                static_cast<std::size_t>(((n * t.channels + c) * t.height + y) * t.width + x));
        }
      }
    }
  }
}

}  // namespace

ChainModel::ChainModel(std::int32_t height, std::int32_t width, std::int32_t channels, int bits,
                       std::int32_t zero_point)
    : bits_(bits) {
  model_.name = "cmsis-nn";
  model_.profile = Profile::kFixed31;
  QTensor input = code_tensor("input", height, width, channels, bits, zero_point);
  input.kind = QTensorKind::kFloat;
  model_.tensors.push_back(input);
  add(QQuantize{}, height, width, channels, zero_point);
}

void ChainModel::add(const QOperator& op, std::int32_t height, std::int32_t width,
                     std::int32_t channels, std::int32_t zero_point) {
  const auto from = static_cast<std::int32_t>(model_.tensors.size() - 1);
  const std::string name = "tensor " + std::to_string(from + 1);
  model_.tensors.push_back(code_tensor(name, height, width, channels, bits_, zero_point));
  model_.nodes.push_back({"node " + std::to_string(from), op, {from}, from + 1});
  model_.outputs = {from + 1};
}

std::int64_t ChainModel::wrong_codes(std::span<const std::int32_t> input,
                                     std::span<const std::int32_t> expected,
                                     std::vector<std::int32_t>* found) const {
  validate(model_, "cmsis-nn");
  const QTensor& first = model_.tensors[1];
  const auto batch = static_cast<std::int64_t>(input.size()) / elements(first);
  if (batch * elements(first) != static_cast<std::int64_t>(input.size())) {
    throw std::runtime_error("the input does not fit its shape");
  }
  std::vector<float> images(input.size());
  for_each_place(first, batch, [&](std::size_t from, std::size_t to) {
    images[to] = static_cast<float>(input[from] - first.zero_point);
  });
  const auto in_order = [&](std::span<const std::int32_t> codes) {
    std::vector<std::int32_t> result(codes.size());
    for_each_place(last(), batch,
                   [&](std::size_t to, std::size_t from) { result[to] = codes[from]; });
    return result;
  };
  const auto reference = in_order(run_reference(model_, images, batch).back().codes);
  if (found != nullptr) *found = reference;
  const std::span<const std::int32_t> right = expected.empty() ? std::span(reference) : expected;
  std::int64_t wrong = count_differences(reference, right);
  for (Isa isa : all_isas()) {
    if (!isa_supported(isa)) continue;
    Engine engine(model_, {.max_batch = 3, .isa = isa});
    std::vector<std::int32_t> codes(static_cast<std::size_t>(batch * elements(last())));
    const OutputBuffer buffer{{}, codes};
    engine.run(images, batch, std::span(&buffer, 1));
    wrong = std::max(wrong, count_differences(in_order(codes), right));
  }
  return wrong;
}

std::int64_t count_differences(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  if (a.size() != b.size()) {
    throw std::runtime_error(std::to_string(a.size()) + " outputs; expected " +
                             std::to_string(b.size()));
  }
  std::int64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

double unit_of(std::int64_t multiplier, std::int64_t shift) {
  return std::ldexp(static_cast<double>(multiplier), static_cast<int>(shift) - 31);
}

std::int32_t padding_after(std::int64_t in, std::int64_t out, std::int64_t kernel,
                           std::int64_t stride, std::int64_t dilation, std::int64_t before) {
  const std::int64_t last = (out - 1) * stride + (kernel - 1) * dilation - before;
  return static_cast<std::int32_t>(std::max<std::int64_t>(0, last - (in - 1)));
}

}  // namespace gradus::cmsis_nn
