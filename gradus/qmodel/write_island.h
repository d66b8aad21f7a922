// Used by write_*.cpp only.
#pragma once

#include "gradus/floatops/float_call.h"
#include "model_generated.h"

namespace gradus {

flatbuffers::Offset<format::Island> write_island(flatbuffers::FlatBufferBuilder& builder,
                                                 const floatops::FloatCall& call);

}  // namespace gradus
