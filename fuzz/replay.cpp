// A fuzz target without libFuzzer: files given, or seeded mutants of the target's own seeds.
//   fuzz_<target> --runs 3000 [--seed 1] [--trace]   judges the seeds, then mutants of them
//   fuzz_<target> FILE...                            judges files, e.g. what libFuzzer found
//   fuzz_<target> --write-seeds FOLDER               writes the seeds, libFuzzer's first corpus
// Exit status 1 after a finding; the file that shows it is written to the current folder.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "fuzz/judge.h"
#include "fuzz/mutate.h"
#include "gradus/base/error.h"
#include "gradus/base/file.h"

namespace gradus::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLongestSeconds = 10.0;  // with sanitizers, on a busy machine

struct Options {
  std::uint64_t runs = 0;
  std::uint64_t seed = 1;
  bool trace = false;
  std::string seed_folder;
  std::vector<std::string> files;
};

class Replay {
 public:
  explicit Replay(const Options& options) : options_(options), target_(target()) {}

  int run() {
    const std::vector<std::string> seeds = target_.seeds();
    require(!seeds.empty(), "the target has no seeds");
    if (!options_.seed_folder.empty()) return write(seeds);
    if (!options_.files.empty()) return judge_files();
    for (const std::string& seed : seeds) {
      require(judged("seed", seed) == Outcome::kAccepted, "a seed is refused");
    }
    for (std::uint64_t i = 0; i < options_.runs; ++i) {
      Rng rng(options_.seed, i);
      const std::string& seed = seeds[rng.below(seeds.size())];
      const std::string file = mutated(seed, seeds, rng);
      if (options_.trace) std::fprintf(stderr, "mutant %llu\n", static_cast<unsigned long long>(i));
      ++counts_[judged("mutant " + std::to_string(i), file) == Outcome::kAccepted ? 0 : 1];
    }
    std::printf("%zu seeds, %llu mutants: %llu accepted, %llu refused, slowest %.3f s\n",
                seeds.size(), static_cast<unsigned long long>(options_.runs),
                static_cast<unsigned long long>(counts_[0]),
                static_cast<unsigned long long>(counts_[1]), slowest_);
    // A target that refuses everything, or nothing, looks at nothing.
    require(options_.runs < 1000 || counts_[1] > 0, "no mutant was refused");
    return 0;
  }

 private:
  Outcome judged(const std::string& what, const std::string& file) {
    const auto start = Clock::now();
    try {
      const Outcome outcome = judge(target_, bytes_of(file));
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      slowest_ = std::max(slowest_, seconds);
      require(seconds <= kLongestSeconds, "took " + std::to_string(seconds) + " s");
      return outcome;
    } catch (const Finding& finding) {
      const std::string name = "finding-" + std::to_string(options_.seed) + ".bin";
      write_file_atomically(name, file);
      throw Finding(what + " (written to " + name + "): " + finding.what());
    }
  }

  int write(const std::vector<std::string>& seeds) const {
    std::filesystem::create_directories(options_.seed_folder);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      write_file_atomically(options_.seed_folder + "/seed" + std::to_string(i), seeds[i]);
    }
    return 0;
  }

  int judge_files() {
    for (const std::string& path : options_.files) {
      const bool taken =
          judged(path, read_text_file(path, std::uint64_t{1} << 30)) == Outcome::kAccepted;
      std::printf("%s: %s\n", path.c_str(), taken ? "accepted" : "refused");
    }
    return 0;
  }

  const Options& options_;
  Target target_;
  std::uint64_t counts_[2] = {0, 0};
  double slowest_ = 0.0;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> const char* {
      if (i + 1 >= argc) throw Error(ErrorCode::kInvalidArgument, word + " needs a value");
      return argv[++i];
    };
    if (word == "--runs")
      options.runs = std::strtoull(value(), nullptr, 10);
    else if (word == "--seed")
      options.seed = std::strtoull(value(), nullptr, 10);
    else if (word == "--write-seeds")
      options.seed_folder = value();
    else if (word == "--trace")
      options.trace = true;
    else if (word.starts_with("-"))
      throw Error(ErrorCode::kInvalidArgument, word + " is unknown; see fuzz/replay.cpp");
    else
      options.files.push_back(word);
  }
  return options;
}

}  // namespace
}  // namespace gradus::fuzz

int main(int argc, char** argv) {
  try {
    const auto options = gradus::fuzz::parse(argc, argv);
    return gradus::fuzz::Replay(options).run();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
