// Reductions over the list `axes`. Of nothing: sums are 0, a product 1, the largest -infinity.
#include <cmath>

#include "gradus/floatops/float_op.h"
#include "gradus/floatops/reduce.h"

namespace gradus {
namespace {

using floatops::Attributes;
using floatops::FloatInput;
using floatops::FloatOp;
using floatops::FloatOutput;

// start, what each element adds, and what is made of it with the number of elements.
template <double kStart, double (*add)(double, double), double (*finish)(double, double)>
void apply(const Attributes& attributes, std::span<const FloatInput> in,
           std::span<const FloatOutput> out) {
  double value = kStart, count = 0.0;
  float* to = out[0].data.data();
  floatops::reduce(
      in[0].shape, attributes.integers("axes"), [&] { value = kStart, count = 0.0; },
      [&](std::int64_t at) {
        value = add(value, static_cast<double>(in[0].data[static_cast<std::size_t>(at)]));
        count += 1.0;
      },
      [&] { *to++ = static_cast<float>(finish(value, count)); });
}

double sum(double value, double x) { return value + x; }
double squares(double value, double x) { return value + x * x; }
double sizes(double value, double x) { return value + std::abs(x); }
double product(double value, double x) { return value * x; }
double larger(double value, double x) { return x > value || std::isnan(x) ? x : value; }
double smaller(double value, double x) { return x < value || std::isnan(x) ? x : value; }
double whole(double value, double) { return value; }
double mean(double value, double count) { return value / count; }
double root(double value, double) { return std::sqrt(value); }

}  // namespace

floatops::FloatOpFamily reduce_float_op() {
  return {FloatOp{.type = "ReduceSum", .run = apply<0.0, sum, whole>},
          FloatOp{.type = "ReduceMean", .run = apply<0.0, sum, mean>},
          FloatOp{.type = "ReduceMax", .run = apply<-HUGE_VAL, larger, whole>, .numbers = true},
          FloatOp{.type = "ReduceMin", .run = apply<HUGE_VAL, smaller, whole>, .numbers = true},
          FloatOp{.type = "ReduceProd", .run = apply<1.0, product, whole>},
          FloatOp{.type = "ReduceL1", .run = apply<0.0, sizes, whole>},
          FloatOp{.type = "ReduceL2", .run = apply<0.0, squares, root>},
          FloatOp{.type = "ReduceSumSquare", .run = apply<0.0, squares, whole>}};
}

}  // namespace gradus
