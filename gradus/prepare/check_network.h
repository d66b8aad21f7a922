// Every problem of a network with a recipe, at once, before any work: what `gradus check` prints.
#pragma once

#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/graph/graph.h"
#include "gradus/graph/normal_form.h"
#include "gradus/prepare/prepare.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

struct Problem {
  std::string rule;  // "network", "recipe", "selector", "prepare", "integer-form"
  std::string node;  // empty where the problem is of no single node
  std::string op;
  Shape shape;  // of the node's output; empty if unknown
  std::string found;
  std::string remedy;  // may be empty
};

// "node 'pool' (MaxPool, [?, 8, 4, 4]): ceil_mode is 1; expected 0; what to do [integer-form]"
std::string to_string(const Problem& problem);

// What a recipe makes of a network: what is wrong, and what runs in float amid the integers.
struct NetworkReport {
  std::vector<Problem> problems;
  std::vector<Island> islands;
};
// `rest`: nodes of the network that the graph lacks because import could not take them, and those
// of whose shapes nothing may be said. Never throws Error.
NetworkReport examine_network(const Graph& imported, const Recipe& recipe,
                              const NotNormalized& rest = {});

// An error as a problem: of the node that its message begins with, if it does.
Problem problem_of(const std::string& rule, const Error& error);

// The problems alone. `imported` as the importer or the zoo gives it. Empty: it can be prepared,
// trained and, where the recipe quantizes weights and activations, converted. Islands are problems
// where the recipe allows none, or where float operators cannot compute them either. Never throws
// Error.
std::vector<Problem> check_network(const Graph& imported, const Recipe& recipe);

}  // namespace gradus
