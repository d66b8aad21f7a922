// "Did you mean": the known name nearest to one that was not found.
#pragma once

#include <string>
#include <vector>

namespace gradus {

// The known name with the smallest edit distance to `name`, or "" if none is within half its
// length.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

}  // namespace gradus
