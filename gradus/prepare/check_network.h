// Every problem of a network with a recipe, at once, before any work: what `gradus check` prints.
#pragma once

#include <string>
#include <vector>

#include "gradus/graph/graph.h"
#include "gradus/recipe/recipe.h"

namespace gradus {

struct Problem {
  std::string rule;  // "selector", "prepare", "integer-form"
  std::string node;  // empty where the problem is of no single node
  std::string op;
  Shape shape;  // of the node's output; empty if unknown
  std::string found;
  std::string remedy;  // may be empty
};

// "node 'pool' (MaxPool, [?, 8, 4, 4]): ceil_mode is 1; expected 0; what to do [integer-form]"
std::string to_string(const Problem& problem);

// `imported` as the importer or the zoo gives it. Empty: it can be prepared, trained and, where the
// recipe quantizes weights and activations, converted to integers. Never throws Error.
std::vector<Problem> check_network(const Graph& imported, const Recipe& recipe);

}  // namespace gradus
