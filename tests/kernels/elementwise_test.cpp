// The families that work element by element: quantize, add, lookup, copy.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gradus/kernels/add/add.h"
#include "gradus/kernels/copy/copy.h"
#include "gradus/kernels/lookup/lookup.h"
#include "gradus/kernels/multiply/multiply.h"
#include "gradus/kernels/quantize/quantize.h"
#include "gradus/quant/quantizer.h"
#include "tests/kernels/activations.h"

namespace gradus::kernels {

static void PrintTo(const AddKernel& kernel, std::ostream* out) { *out << kernel.name; }
static void PrintTo(const MultiplyKernel& kernel, std::ostream* out) { *out << kernel.name; }
static void PrintTo(const LookupKernel& kernel, std::ostream* out) { *out << kernel.name; }
static void PrintTo(const QuantizeKernel& kernel, std::ostream* out) { *out << kernel.name; }

namespace {

template <typename Kernel>
class ByKernel : public testing::TestWithParam<Kernel> {
 protected:
  void SetUp() override {
    if (!isa_supported(this->GetParam().isa)) {
      GTEST_SKIP() << "this CPU cannot run " << isa_name(this->GetParam().isa);
    }
  }
};
using Add = ByKernel<AddKernel>;
using Multiply = ByKernel<MultiplyKernel>;
using Lookup = ByKernel<LookupKernel>;
using Quantize = ByKernel<QuantizeKernel>;

constexpr std::int32_t kChannels[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100};

std::vector<Extent> extents(std::int32_t channels) {
  return {
      {2, 3, 5, channels},                           // dense
      {1, 2, 3, channels, 1, 1, 1, 1},               // with a halo
      {2, 2, 3, channels, 0, 0, 0, 0, channels + 4}  // a slice of wider pixels
  };
}

// Runs all rows, the last share first.
template <typename Kernel, typename Args>
void run_shares(const Kernel& kernel, const Args& args, const Extent& e, std::int64_t shares) {
  const std::int64_t rows = std::int64_t{e.batch} * e.height;
  for (std::int64_t i = shares - 1; i >= 0; --i) {
    kernel.run(args, rows * i / shares, rows * (i + 1) / shares);
  }
}

// f(image, row, column, channel) over a tensor.
template <typename Body>
void for_each_element(const Extent& e, Body body) {
  for (std::int32_t n = 0; n < e.batch; ++n) {
    for (std::int32_t y = 0; y < e.height; ++y) {
      for (std::int32_t x = 0; x < e.width; ++x) {
        for (std::int32_t c = 0; c < e.channels; ++c) body(n, y, x, c);
      }
    }
  }
}

// Every byte that is no element still holds 0xcc.
void expect_untouched(Activations& out) {
  const Extent& e = out.extent();
  std::vector<std::uint8_t> bytes(out.bytes(), out.bytes() + out.size());
  for_each_element(e, [&](auto n, auto y, auto x, auto c) {
    bytes[static_cast<std::size_t>(out.view().at(n, y, x) + c - out.bytes())] = 0xcc;
  });
  EXPECT_EQ(bytes, std::vector<std::uint8_t>(bytes.size(), 0xcc));
}

IntegerAdd make_add(Profile profile, float a, float b, float out, std::int32_t high) {
  const Grid grid{0, 255, false};
  return make_integer_add(profile, {grid, a, 128}, {grid, b, 3}, {grid, out, 100}, 0, high);
}

TEST_P(Add, EqualsTheIntegersOfTheQuantLibrary) {
  std::mt19937 random(7);
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (std::int32_t channels : kChannels) {
      for (const Extent& e : extents(channels)) {
        const AddArgs base{
            make_add(profile, 0.013f, 0.5f, 0.11f, channels % 2 == 0 ? 255 : 110), {}, {}, {}};
        Activations a(e), b(e), out(e);
        a.fill_random(random, 255);
        b.fill_random(random, 255);
        out.fill(0xcc);
        AddArgs args = base;
        args.a = a.view();
        args.b = b.view();
        args.out = out.view();
        run_shares(GetParam(), args, e, channels % 3 + 1);
        for_each_element(e, [&](auto n, auto y, auto x, auto c) {
          ASSERT_EQ(out.view().at(n, y, x)[c],
                    args.add(a.view().at(n, y, x)[c], b.view().at(n, y, x)[c]));
        });
        expect_untouched(out);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(Add, EqualsTheIntegersForEveryPairOfCodes) {
  const Extent e{1, 256, 256, 1};
  Activations a(e), b(e), out(e);
  for_each_element(e, [&](auto n, auto y, auto x, auto c) {
    a.view().at(n, y, x)[c] = static_cast<std::uint8_t>(y);
    b.view().at(n, y, x)[c] = static_cast<std::uint8_t>(x);
  });
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (float scale : {1e-4f, 0.25f, 1.0f, 2.0f, 3.7f, 1000.0f}) {
      const AddArgs args{make_add(profile, scale, 0.5f, 1.0f, 255), a.view(), b.view(), out.view()};
      GetParam().run(args, 0, e.height);
      for_each_element(e, [&](auto n, auto y, auto x, auto c) {
        ASSERT_EQ(out.view().at(n, y, x)[c], args.add(y, x)) << y << " + " << x << " " << scale;
      });
    }
  }
}

TEST_P(Add, MayWriteOverItsInput) {
  std::mt19937 random(7);
  const Extent e{1, 2, 3, 37};
  Activations a(e), b(e), out(e);
  a.fill_random(random, 255);
  b.fill_random(random, 255);
  AddArgs args{make_add(Profile::kIeee32, 0.1f, 0.2f, 0.2f, 255), a.view(), b.view(), out.view()};
  GetParam().run(args, 0, 2);
  args.out = a.view();
  GetParam().run(args, 0, 2);
  EXPECT_TRUE(std::equal(out.bytes(), out.bytes() + out.size(), a.bytes()));
}

TEST_P(Add, SubtractsForEveryPairOfCodesAndRepeatsAPixel) {
  const Grid grid{0, 255, false};
  std::mt19937 random(9);
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const Extent e{2, 5, 6, 21, 1, 0, 2, 1};
    const Extent pixel{2, 1, 1, 21, 0, 1, 0, 1};
    Activations a(e), b(pixel), out(e);
    a.fill_random(random, 255);
    b.fill_random(random, 255);
    out.fill(0xcc);
    AddArgs args;
    args.add = make_integer_add(profile, {grid, 0.3f, 77}, {grid, 0.4f, 130}, {grid, 0.5f, 99}, 3,
                                250, true);
    args.a = a.view();
    args.b = broadcast_view(b.view(), e.height, e.width);
    args.out = out.view();
    run_shares(GetParam(), args, e, 3);
    for_each_element(e, [&](auto n, auto y, auto x, auto c) {
      ASSERT_EQ(out.view().at(n, y, x)[c],
                args.add(a.view().at(n, y, x)[c], b.view().at(n, 0, 0)[c]));
    });
    expect_untouched(out);
  }
}

IntegerMultiply make_multiply(Profile profile, float a, float b, float out) {
  const Grid grid{0, 255, false};
  return make_integer_multiply(profile, {grid, a, 128}, {grid, b, 3}, {grid, out, 100}, 2, 250);
}

TEST_P(Multiply, EqualsTheIntegersForEveryPairOfCodes) {
  const Extent e{1, 256, 256, 1};
  Activations a(e), b(e), out(e);
  for_each_element(e, [&](auto n, auto y, auto x, auto c) {
    a.view().at(n, y, x)[c] = static_cast<std::uint8_t>(y);
    b.view().at(n, y, x)[c] = static_cast<std::uint8_t>(x);
  });
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (float scale : {1e-6f, 0.01f, 0.25f, 1.0f, 3.7f, 1000.0f}) {
      const MultiplyArgs args{make_multiply(profile, scale, 0.5f, 1.0f), a.view(), b.view(),
                              out.view()};
      GetParam().run(args, 0, e.height);
      for_each_element(e, [&](auto n, auto y, auto x, auto c) {
        ASSERT_EQ(out.view().at(n, y, x)[c], args.multiply(y, x))
            << y << " * " << x << " " << scale;
      });
    }
  }
}

TEST_P(Multiply, WorksOnEveryLayoutAndRepeatsAPixel) {
  std::mt19937 random(7);
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    for (std::int32_t channels : kChannels) {
      for (const Extent& e : extents(channels)) {
        for (bool repeat : {false, true}) {
          const Extent second = repeat ? Extent{e.batch, 1, 1, channels} : e;
          Activations a(e), b(second), out(e);
          a.fill_random(random, 255);
          b.fill_random(random, 255);
          out.fill(0xcc);
          MultiplyArgs args{make_multiply(profile, 0.1f, 0.2f, 1.3f), a.view(),
                            broadcast_view(b.view(), e.height, e.width), out.view()};
          run_shares(GetParam(), args, e, channels % 3 + 1);
          for_each_element(e, [&](auto n, auto y, auto x, auto c) {
            ASSERT_EQ(out.view().at(n, y, x)[c],
                      args.multiply(a.view().at(n, y, x)[c], args.b.at(n, y, x)[c]));
          });
          expect_untouched(out);
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST(LookupAChannel, TakesEveryChannelsOwnTable) {
  std::mt19937 random(3);
  const Extent e{2, 3, 4, 37, 1, 1, 0, 1};
  std::vector<std::uint8_t> tables(37 * 256);
  for (auto& entry : tables) entry = static_cast<std::uint8_t>(random());
  Activations in(e), out(e);
  in.fill_random(random, 255);
  out.fill(0xcc);
  run_shares(select_lookup(active_isa(), true),
             LookupArgs{tables.data(), in.view(), out.view(), 256}, e, 2);
  for_each_element(e, [&](auto n, auto y, auto x, auto c) {
    ASSERT_EQ(out.view().at(n, y, x)[c],
              tables[static_cast<std::size_t>(c * 256 + in.view().at(n, y, x)[c])]);
  });
  expect_untouched(out);
}

TEST_P(Lookup, GivesTheTablesEntryOfEveryCode) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> table(256);
  for (auto& entry : table) entry = static_cast<std::uint8_t>(random());
  for (std::int32_t channels : kChannels) {
    for (const Extent& e : extents(channels)) {
      Activations in(e), out(e);
      in.fill_random(random, 255);
      out.fill(0xcc);
      run_shares(GetParam(), LookupArgs{table.data(), in.view(), out.view()}, e, channels % 3 + 1);
      for_each_element(e, [&](auto n, auto y, auto x, auto c) {
        ASSERT_EQ(out.view().at(n, y, x)[c], table[in.view().at(n, y, x)[c]]);
      });
      expect_untouched(out);
      if (HasFailure()) return;
    }
  }
}

TEST(RescaleTable, HoldsTheRequantizedDifferenceFromTheZeroPoint) {
  for (Profile profile : {Profile::kIeee32, Profile::kFixed31}) {
    const std::vector<double> unit = {0.02};
    const Requantizer r = make_requantizer(profile, unit, 0.05f, 10, 0, 63);
    std::vector<std::uint8_t> table(256);
    rescale_table(r, 128, std::span<std::uint8_t, 256>(table.data(), 256));
    for (std::int32_t code = 0; code < 256; ++code) {
      EXPECT_EQ(table[static_cast<std::size_t>(code)], r(code - 128, 0));
    }
  }
}

TEST_P(Quantize, EqualsTheQuantizerForEveryImage) {
  std::mt19937 random(5);
  std::normal_distribution<float> real(0.0f, 1.0f);
  for (std::int32_t channels : {1, 2, 3, 4, 5, 9}) {
    for (std::int32_t width : {1, 7, 8, 9, 15, 16, 33}) {
      for (bool binary : {false, true}) {
        Extent e{2, 3, width, channels, 1, 2, 3, 1, (channels + 3) / 4 * 4};
        Activations out(e);
        const auto count = static_cast<std::size_t>(e.batch * e.height * width * channels);
        Guarded in(count * 4);
        float* values = in.as<float>();
        for (std::size_t i = 0; i < count; ++i) values[i] = real(random);
        values[0] = std::numeric_limits<float>::infinity();
        values[count - 1] = -std::numeric_limits<float>::infinity();
        values[count / 2] = 0.5f * 0.017f;  // half a step
        QuantizeArgs args{values,           0.017f, 114,       binary ? 0 : 3,
                          binary ? 2 : 255, binary, out.view()};
        run_shares(GetParam(), args, e, channels % 3 + 1);
        for_each_element(e, [&](auto n, auto y, auto x, auto c) {
          const float value = values[((n * channels + c) * e.height + y) * width + x];
          const std::int32_t want =
              binary ? (value >= 0.0f ? 2 : 0) : quantize(value, 0.017f, 114, Grid{3, 255, false});
          ASSERT_EQ(out.view().at(n, y, x)[c], want) << value;
        });
      }
    }
  }
}

TEST(CopyRows, MovesASliceAndNothingElse) {
  std::mt19937 random(5);
  for (std::int32_t channels : kChannels) {
    for (const Extent& e : extents(channels)) {
      Activations in(Extent{e.batch, e.height, e.width, channels}), out(e);
      in.fill_random(random, 255);
      out.fill(0xcc);
      copy_rows(in.view(), out.view(), 1, std::int64_t{e.batch} * e.height);
      copy_rows(in.view(), out.view(), 0, 1);
      for_each_element(e, [&](auto n, auto y, auto x, auto c) {
        ASSERT_EQ(out.view().at(n, y, x)[c], in.view().at(n, y, x)[c]);
      });
      expect_untouched(out);
    }
  }
}

TEST(FillHalo, WritesEveryPixelOfTheHaloAndNoneOfTheImage) {
  Activations t(Extent{2, 3, 4, 5, 1, 2, 3, 1, 8});
  t.fill(0xcc);
  fill_halo(t.view(), {1, 2, 3, 1}, 9, 0, 2);
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t y = -1; y < 5; ++y) {
      for (std::int64_t x = -3; x < 5; ++x) {
        const bool inside = y >= 0 && y < 3 && x >= 0 && x < 4;
        for (std::int64_t c = 0; c < 8; ++c) {
          ASSERT_EQ(t.view().at(n, y, x)[c], inside ? 0xcc : 9) << n << " " << y << " " << x;
        }
      }
    }
  }
}

constexpr auto kName = [](const auto& kernel) { return std::string(kernel.param.name); };

INSTANTIATE_TEST_SUITE_P(AllKernels, Add,
                         testing::ValuesIn(add_kernels().begin(), add_kernels().end()), kName);
INSTANTIATE_TEST_SUITE_P(AllKernels, Multiply,
                         testing::ValuesIn(multiply_kernels().begin(), multiply_kernels().end()),
                         kName);
INSTANTIATE_TEST_SUITE_P(AllKernels, Lookup,
                         testing::ValuesIn(lookup_kernels().begin(), lookup_kernels().end()),
                         kName);
INSTANTIATE_TEST_SUITE_P(AllKernels, Quantize,
                         testing::ValuesIn(quantize_kernels().begin(), quantize_kernels().end()),
                         kName);

TEST(ElementwiseKernels, AreSelectedByInstructionSet) {
  for (Isa isa : all_isas()) {
    EXPECT_LE(select_add(isa).isa, isa);
    EXPECT_LE(select_lookup(isa).isa, isa);
    EXPECT_LE(select_multiply(isa).isa, isa);
    EXPECT_LE(select_quantize(isa).isa, isa);
  }
}

}  // namespace
}  // namespace gradus::kernels
