// The keys of a recipe as a JSON schema, so that an editor completes and checks a recipe while it
// is written: what `gradus init --schema` writes. Made of the one list, keys.h.
#pragma once

#include <string>

namespace gradus {

// JSON Schema, draft 7. Every recipe that parse_recipe takes passes, aliases included; what it says
// on top (conflicts between keys, selectors, one key under two names) only parse_recipe finds.
std::string recipe_schema();

}  // namespace gradus
