#include "gradus/runtime/plan.h"

#include <algorithm>

#include "gradus/base/error.h"
#include "gradus/qmodel/geometry.h"
#include "gradus/runtime/arena.h"

namespace gradus {
namespace {

constexpr std::int64_t kPixelAlignment = 4;  // tensor_view.h
constexpr std::size_t kSlack = 64;           // kernels may read this far past the last pixel
constexpr double kLargestTensorBytes = 0x1p40;

StepContext context_of(const QModel& model, const QNode& node) {
  return {model, node, Isa::kScalar};
}

TensorLayout& layout_of(Plan& plan, std::int32_t tensor) {
  return plan.tensors[static_cast<std::size_t>(tensor)];
}

void widen(kernels::Halo& halo, const kernels::Halo& other) {
  halo.top = std::max(halo.top, other.top);
  halo.bottom = std::max(halo.bottom, other.bottom);
  halo.left = std::max(halo.left, other.left);
  halo.right = std::max(halo.right, other.right);
}

void find_aliases_and_halos(const QModel& model, Plan& plan) {
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    plan.tensors[i].storage = static_cast<std::int32_t>(i);
  }
  for (const QNode& node : model.nodes) {
    const RuntimeOp& op = runtime_op(node.op);
    const StepContext context = context_of(model, node);
    if (op.halo != nullptr) {
      const kernels::Halo halo = op.halo(context);
      for (std::int32_t input : node.inputs) {
        widen(layout_of(plan, layout_of(plan, input).storage).halo, halo);
      }
    }
    if (op.alias != nullptr && op.alias(context)) {
      layout_of(plan, node.output).storage = layout_of(plan, node.inputs[0]).storage;
    }
  }
}

void refuse_if_too_large(const QTensor& tensor, double bytes) {
  if (bytes > kLargestTensorBytes) {
    throw Error(ErrorCode::kUnsupported, "tensor '" + tensor.name + "' would take " +
                                             std::to_string(bytes) +
                                             " bytes; lower the largest batch");
  }
}

void lay_out_codes(const QTensor& tensor, std::int64_t max_batch, TensorLayout& layout) {
  const std::int64_t pixel =
      (tensor.channels + kPixelAlignment - 1) / kPixelAlignment * kPixelAlignment;
  const std::int64_t columns = std::int64_t{tensor.width} + layout.halo.left + layout.halo.right;
  const std::int64_t rows = std::int64_t{tensor.height} + layout.halo.top + layout.halo.bottom;
  refuse_if_too_large(tensor, static_cast<double>(pixel) * static_cast<double>(columns) *
                                  static_cast<double>(rows) * static_cast<double>(max_batch));
  kernels::ActivationView& view = layout.view;
  view.height = tensor.height;
  view.width = tensor.width;
  view.channels = tensor.channels;
  view.pixel_step = pixel;
  view.row_step = pixel * columns;
  view.image_step = view.row_step * rows;
  layout.origin =
      static_cast<std::size_t>(layout.halo.top * view.row_step + layout.halo.left * pixel);
  layout.bytes = static_cast<std::size_t>(view.image_step * max_batch) + kSlack;
}

void lay_out(const QModel& model, std::int64_t max_batch, Plan& plan) {
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const QTensor& tensor = model.tensors[i];
    TensorLayout& layout = plan.tensors[i];
    const auto index = static_cast<std::int32_t>(i);
    if (layout.storage != index || index == model.input) continue;
    if (tensor.kind == QTensorKind::kCodes) {
      lay_out_codes(tensor, max_batch, layout);
    } else {
      const double values = static_cast<double>(elements(tensor)) * static_cast<double>(max_batch);
      refuse_if_too_large(tensor, 4.0 * values);
      const auto count = static_cast<std::size_t>(elements(tensor) * max_batch);
      layout.bytes = count * sizeof(float) + kSlack;
    }
  }
}

// From the node that makes a tensor to the last that reads it; outputs live to the end.
std::vector<Lifetime> lifetimes(const QModel& model, const Plan& plan) {
  const auto storage = [&](std::int32_t tensor) {
    return static_cast<std::size_t>(plan.tensors[static_cast<std::size_t>(tensor)].storage);
  };
  std::vector<Lifetime> result(plan.tensors.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i].bytes = plan.tensors[i].bytes;
  const auto end = static_cast<std::int64_t>(model.nodes.size());
  for (std::int64_t step = 0; step < end; ++step) {
    const QNode& node = model.nodes[static_cast<std::size_t>(step)];
    Lifetime& made = result[storage(node.output)];
    if (storage(node.output) == static_cast<std::size_t>(node.output)) made.first = step;
    made.last = step;
    for (std::int32_t input : node.inputs) result[storage(input)].last = step;
  }
  for (std::int32_t output : model.outputs) result[storage(output)].last = end;
  return result;
}

}  // namespace

Plan make_plan(const QModel& model, std::int64_t max_batch) {
  Plan plan;
  plan.tensors.resize(model.tensors.size());
  find_aliases_and_halos(model, plan);
  lay_out(model, max_batch, plan);
  const Placement placement = place(lifetimes(model, plan));
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    plan.tensors[i].offset = placement.offsets[i];
  }
  plan.arena_bytes = placement.bytes;
  for (TensorLayout& layout : plan.tensors) {
    const TensorLayout owner = layout_of(plan, layout.storage);
    const std::int32_t storage = layout.storage;
    layout = owner;
    layout.storage = storage;
  }
  return plan;
}

}  // namespace gradus
