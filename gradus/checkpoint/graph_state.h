// What training changes in a graph, as tensors of a checkpoint:
//   graph/<value>                    every float constant: weights, biases, batch norms
//   quantizer/<value>/spec           int32 [bits, signed, symmetric, narrow_range, per_channel,
//   axis] quantizer/<value>/scale          float [1] or [channels]; absent, as zero_point, if not
//   calibrated quantizer/<value>/zero_point     int32, likewise
// A quantizer that several values share is named by the first of them.
#pragma once

#include <string>

#include "gradus/checkpoint/checkpoint.h"
#include "gradus/graph/graph.h"

namespace gradus {

// Metadata is left empty.
Checkpoint graph_state(const Graph& graph);

// Puts a state into a graph that was prepared from the same network with the same recipe; other
// tensors and metadata of the checkpoint are left alone. A quantizer takes its whole spec from the
// checkpoint (signedness is decided by calibration); bits, per_channel and axis must be the
// graph's. Throws Error (kInvalidFile), in one line that starts with `where`, if a name is missing
// or too many, or a shape, type, spec or parameter does not fit; the graph is then partly changed.
void apply_graph_state(Graph& graph, const Checkpoint& checkpoint, const std::string& where);

}  // namespace gradus
