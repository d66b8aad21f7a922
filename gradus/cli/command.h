// A subcommand: one file in commands/, one line in this folder's CMakeLists.txt.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "gradus/cli/console.h"

namespace CLI {
class App;
}

namespace gradus {

struct Command {
  const char* name;
  const char* help;  // one line
  const char*
      examples;  // shown under --help; each line that begins with "gradus " is run by a test
  // Declares the options on `app` and returns what to do once they are parsed.
  std::function<void(Console&)> (*declare)(CLI::App& app);
};

std::span<const Command> commands();

}  // namespace gradus
