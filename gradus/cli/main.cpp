// The program: finds the command, runs it, and turns errors into one line and an exit status.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/base/nearest_name.h"
#include "gradus/cli/command.h"
#include "gradus/cli/training/hand_over.h"
#include "gradus/cli/training/training.h"
#include "gradus/data/data_options.h"

namespace gradus {
namespace {

constexpr int kUsage = 2;

int report(const std::string& message, int status) {
  std::string line = message;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') c = ' ';  // a name from a file
  }
  fmt::print(stderr, "gradus: {}\n", line);
  return status;
}

// What this program can do itself; what needs libtorch comes last.
std::vector<Command> own_commands() {
  std::vector<Command> result(commands().begin(), commands().end());
  if (const Training* training = linked_training()) {
    result.insert(result.end(), training->commands.begin(), training->commands.end());
  }
  return result;
}

// The command that the words ask for: the first that is no option; empty if there is none.
std::string command_word(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') return argv[i];
  }
  return "";
}

bool is_among(const std::vector<Command>& known, const std::string& word) {
  return std::any_of(known.begin(), known.end(),
                     [&](const Command& command) { return word == command.name; });
}

// CLI11 says only that a word was not expected; people want to know which command they meant.
std::string unknown_command(const std::vector<Command>& known, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& command : known) names.emplace_back(command.name);
  const std::string near = nearest_name(word, names);
  return fmt::format("command '{}' is unknown{}; {}run 'gradus --help' for the list", word,
                     linked_training() ? "" : " to a gradus without gradus-training beside it",
                     near.empty() ? "" : "did you mean '" + near + "'? ");
}

int run(int argc, char** argv) {
  const std::vector<Command> known = own_commands();
  const std::string word = command_word(argc, argv);
  if (!is_among(known, word)) {
    const bool asks_version = word.empty() && argc == 2 && std::string(argv[1]) == "--version";
    if (!asks_version) hand_over(argv);  // the other program knows more commands
    if (!word.empty()) return report(unknown_command(known, word), kUsage);
  }
  CLI::App app(
      "gradus: teaches a trained network to live on 1 to 8 bits, and runs it with exactly "
      "those integers.",
      "gradus");
  app.require_subcommand(1);
  app.set_version_flag("--version", GRADUS_VERSION);
  bool json = false;
  bool quiet = false;

  std::function<void(Console&)> action;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Command& command = known[i];
    CLI::App* sub = app.add_subcommand(command.name, command.help);
    if (i >= commands().size()) sub->group("With libtorch");
    sub->footer(std::string("Examples:\n") + command.examples);
    sub->add_flag("--json", json, "Print JSON lines for programs");
    sub->add_flag("--quiet,-q", quiet, "Print nothing but errors");
    auto run_command = command.declare(*sub);
    if (sub->get_option_no_throw("--data") != nullptr) {
      sub->footer(std::string("Examples:\n") + command.examples + "\n" + data_help());
    }
    sub->final_callback([&action, run_command] { action = run_command; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return report(std::string(error.what()) + "; see 'gradus --help' or 'gradus COMMAND --help'",
                  kUsage);
  }
  Console console(json    ? Console::Mode::kJson
                  : quiet ? Console::Mode::kQuiet
                          : Console::Mode::kText);
  try {
    action(console);
  } catch (const NeedsTraining&) {
    hand_over(argv);
    throw;
  }
  return 0;
}

}  // namespace
}  // namespace gradus

int main(int argc, char** argv) {
  // A write beyond a limit on the size of files shall fail as one on a full disk does: with one
  // line.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return gradus::run(argc, argv);
  } catch (const gradus::Error& error) {
    return gradus::report(error.what(), gradus::exit_status(error.code()));
  } catch (const std::bad_alloc&) {
    return gradus::report("out of memory; use a smaller batch or a smaller network", 1);
  } catch (const std::exception& error) {
    return gradus::report(std::string("internal error: ") + error.what(), 1);
  }
}
