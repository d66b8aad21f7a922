// gradus run, in this process.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "gradus/cli/command.h"
#include "gradus/convert/convert.h"
#include "gradus/data/npy.h"
#include "gradus/graph/builder.h"
#include "gradus/qmodel/file.h"
#include "gradus/runtime/engine.h"
#include "tests/qdq/quantized_networks.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace gradus {
namespace {

using testing_support::expect_error;
using testing_support::TemporaryFolder;

void run_command(const std::string& words) {
  const auto found = std::find_if(commands().begin(), commands().end(), [](const Command& command) {
    return command.name == std::string("run");
  });
  ASSERT_NE(found, commands().end());
  CLI::App app;
  const auto action = found->declare(app);
  app.parse(words);
  Console console(Console::Mode::kQuiet);
  action(console);
}

// A picture of 3x6x6 into 4 numbers and 2 maps.
QModel two_headed() {
  GraphBuilder b("two-headed", 3);
  const ValueId x =
      b.relu("relu", b.conv("stem", b.input("input", {-1, 3, 6, 6}), 8, {.padding = 1}));
  const ValueId maps = b.conv("maps", x, 2, {.kernel = 1});
  Graph graph =
      b.finish(b.linear("fc", b.flatten("flat", b.global_average_pool("pool", x)), 4), "numbers");
  graph.outputs.push_back(maps);
  return convert(testing_quantized::prepared(graph, {}, 1), {});
}

TEST(RunCommand, WritesEveryOutput) {
  const TemporaryFolder folder;
  const QModel model = two_headed();
  save_model(model, folder.file("m.gradus"));
  std::vector<float> images = testing_quantized::picture(model, 1);
  const auto second = testing_quantized::picture(model, 2);
  images.insert(images.end(), second.begin(), second.end());
  save_npy(folder.file("x.npy"), {2, 3, 6, 6}, images);
  run_command(folder.file("m.gradus") + " --input " + folder.file("x.npy") + " --output " +
              folder.file("y.npy"));
  std::vector<float> numbers(2 * 4), maps(2 * 72);
  Engine engine(model);
  for (std::int64_t i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const OutputBuffer own[] = {{std::span(numbers).subspan(at * 4, 4), {}},
                                {std::span(maps).subspan(at * 72, 72), {}}};
    engine.run(std::span(images).subspan(at * 108, 108), 1, own);
  }
  const NpyArray first = load_npy(folder.file("y.1.npy"));
  EXPECT_EQ(first.shape, (Shape{2, 4}));
  EXPECT_EQ(first.values, numbers);
  const NpyArray other = load_npy(folder.file("y.2.npy"));
  EXPECT_EQ(other.shape, (Shape{2, 2, 6, 6}));
  EXPECT_EQ(other.values, maps);
  EXPECT_THROW(load_npy(folder.file("y.npy")), Error);
}

// What runs along time has no height.
TEST(RunCommand, TakesAnArrayWithoutTheAxesOfSizeOne) {
  const TemporaryFolder folder;
  GraphBuilder b("along-time", 3);
  const ValueId x = b.conv("c", b.input("input", {-1, 3, 1, 5}), 2, {.kernel = 1});
  const QModel model = convert(testing_quantized::prepared(b.finish(x, "y"), {}, 1), {});
  save_model(model, folder.file("m.gradus"));
  const std::vector<float> images(30, 0.5f);
  std::vector<std::vector<float>> results;
  for (const Shape& shape : {Shape{2, 3, 1, 5}, Shape{2, 3, 5}}) {
    save_npy(folder.file("x.npy"), shape, images);
    run_command(folder.file("m.gradus") + " --input " + folder.file("x.npy") + " --output " +
                folder.file("y.npy"));
    results.push_back(load_npy(folder.file("y.npy")).values);
  }
  EXPECT_EQ(results[0].size(), 20u);
  EXPECT_EQ(results[0], results[1]);
  for (const Shape& shape : {Shape{2, 5, 3}, Shape{30}, Shape{1, 2, 3, 5}}) {
    save_npy(folder.file("x.npy"), shape, images);
    expect_error(ErrorCode::kInvalidArgument,
                 {"has shape " + to_string(shape), "takes [?, 3, 1, 5]"}, [&] {
                   run_command(folder.file("m.gradus") + " --input " + folder.file("x.npy") +
                               " --output " + folder.file("y.npy"));
                 });
  }
}

}  // namespace
}  // namespace gradus
