// Bytes before and after, layer by layer.
#pragma once

#include "gradus/convert/convert.h"

namespace gradus {

// `model` was converted from `graph`.
ConvertReport make_report(const Graph& graph, const QModel& model);

}  // namespace gradus
