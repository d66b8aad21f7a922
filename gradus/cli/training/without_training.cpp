#include "gradus/cli/training/training.h"

namespace gradus {

const Training* linked_training() { return nullptr; }

}  // namespace gradus
