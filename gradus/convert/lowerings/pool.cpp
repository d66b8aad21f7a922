#include "gradus/convert/lowering.h"
#include "gradus/prepare/attributes.h"

namespace gradus {
namespace {

QPool pool_of(const LoweringContext& context, const Node& node) {
  const Window window = window_of(context.graph(), node);
  QPool pool;
  pool.kernel_h = extent(node, window.kernel_h);
  pool.kernel_w = extent(node, window.kernel_w);
  pool.stride_h = extent(node, window.stride_h);
  pool.stride_w = extent(node, window.stride_w);
  pool.pad_top = extent(node, window.pad_top);
  pool.pad_left = extent(node, window.pad_left);
  pool.pad_bottom = extent(node, window.pad_bottom);
  pool.pad_right = extent(node, window.pad_right);
  return pool;
}

void emit_average(LoweringContext& context, const Node& node, QPool pool) {
  pool.average = true;
  const Clamp clamp = fused_clamp(node);
  if (context.output_quantizer(node) != nullptr) {
    const CodeRange range = context.output_codes(node, clamp);
    pool.low = range.low;
    pool.high = range.high;
  } else if (clamp.any()) {
    refuse_node(node, "clamps an average that leaves as float; expected no activation behind it");
  }
  context.emit(node, pool);
}

void lower_maximum(LoweringContext& context, const Node& node) {
  QPool pool = pool_of(context, node);
  const Window window = window_of(context.graph(), node);
  pool.dilation_h = extent(node, window.dilation_h);
  pool.dilation_w = extent(node, window.dilation_w);
  context.emit(node, pool);
}

void lower_global_maximum(LoweringContext& context, const Node& node) {
  QPool pool;
  pool.kernel_h = context.input(node).height;
  pool.kernel_w = context.input(node).width;
  context.emit(node, pool);
}

void lower_average(LoweringContext& context, const Node& node) {
  QPool pool = pool_of(context, node);
  pool.count_padding = node.integer("count_include_pad", 0) != 0;
  emit_average(context, node, pool);
}

void lower_global(LoweringContext& context, const Node& node) {
  QPool pool;
  pool.kernel_h = context.input(node).height;
  pool.kernel_w = context.input(node).width;
  emit_average(context, node, pool);
}

}  // namespace

LoweringFamily pool_lowering() {
  return {{"MaxPool", lower_maximum},
          {"AveragePool", lower_average},
          {"GlobalAveragePool", lower_global},
          {"GlobalMaxPool", lower_global_maximum}};
}

}  // namespace gradus
