// From the program without libtorch to the one beside it that has it.
#pragma once

#include <string>

namespace gradus {

// gradus-training in the folder of this program; empty if it is not there or this is it.
std::string program_with_training();

// Goes on as that program with the same words, if there is one; else returns.
// Throws Error (kFailed) if it is there and cannot be run.
void hand_over(char** argv);

}  // namespace gradus
