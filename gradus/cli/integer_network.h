// Networks with quantizers, and the integer networks they become, from whatever the user has. Every
// command that runs one loads it here: the integers are the same whether a file was converted
// before or now.
#pragma once

#include <string>

#include "gradus/convert/convert.h"
#include "gradus/graph/graph.h"
#include "gradus/qmodel/qmodel.h"

namespace gradus {

// A network that convert() takes, and how it asks to be converted.
struct IntegerSource {
  std::string path;
  Graph graph;             // prepared, its quantizers calibrated
  ConvertOptions options;  // metadata: where its pixels come from, and how it came to be
};

// A RUN of `quantize` or `train`, or a quantized .onnx. `requantize` is the profile of a quantized
// .onnx; empty: what it says itself if gradus has exported it, else ieee32. Throws Error, one line
// that begins with the path: kInvalidArgument if it is anything else, has no quantizers, or
// `requantize` is given for a RUN; and as load_run, import_quantized_onnx and prepare_quantized do.
IntegerSource load_integer_source(const std::string& path, const std::string& requantize = "");

// convert(), whose errors begin with the path.
QModel convert_source(const IntegerSource& source, ConvertReport* report = nullptr);

// A model.gradus as it is; a RUN or a quantized .onnx, converted.
// Throws Error as load_model, load_integer_source and convert_source do.
QModel load_integer_network(const std::string& path);

}  // namespace gradus
