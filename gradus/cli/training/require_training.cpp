#include "gradus/cli/training/training.h"

namespace gradus {

const Training& require_training(const std::string& message) {
  if (const Training* training = linked_training()) return *training;
  throw NeedsTraining(message);
}

}  // namespace gradus
