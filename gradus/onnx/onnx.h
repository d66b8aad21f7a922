// The only reader and writer of ONNX files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/graph/graph.h"
#include "gradus/graph/normal_form.h"
#include "gradus/graph/op.h"
#include "gradus/qdq/lift.h"

namespace gradus {

struct ImportOptions {
  // Values by name that are known at import: inputs, or outputs of nodes. Each takes the place of
  // what the file says and is folded as an initializer is. Throws Error (kInvalidArgument) for a
  // name that the file does not have, or a tensor that does not fit the input.
  std::map<std::string, Tensor> constants;
  // Inputs of every type, and the operators that compute with codes (QuantizeLinear, QLinearConv):
  // what can be evaluated (graph/evaluate.h) but neither trained nor converted as a float network.
  bool evaluation_only = false;
};

// Reads an .onnx file (opset 6 to 25 of ai.onnx) into a graph in normal form (graph/normal_form.h).
// Dimension 0 of every input is the batch. Where the file fixes it, it is opened if the network
// still makes sense; if not it stays fixed. The file is not trusted: every size in it is bounded
// (onnx/limits.h). Tensors in other files are read from the model's folder only. Throws Error, one
// line that begins with `path`: kNotFound if it cannot be read, kInvalidFile if it is malformed,
// kUnsupported, naming nodes, for what gradus does not compute.
Graph import_onnx(const std::string& path, const ImportOptions& options = {});

// What there is of a float network, whatever is wrong with it.
struct ImportReport {
  std::vector<Error>
      errors;          // of nodes, in the order of the file; empty: import_onnx would take it
  Graph graph;         // in normal form, as far as it is known
  NotNormalized rest;  // what of it is not there, or guessed
};

// As import_onnx, but goes on after a node that is wrong: each is told once, and none for what
// another did. Throws Error as import_onnx does where the file as a whole is wrong.
ImportReport examine_onnx(const std::string& path);

// A network that came quantized: Quant nodes where values are rounded, constants with quantizers.
struct QuantizedNetwork {
  Graph graph;                                  // in normal form
  IntegerConstants integers;                    // biases, before they were floats
  std::map<std::string, std::string> metadata;  // what gradus wrote beside it; see export_onnx
};

// Reads a quantized .onnx file, in any of the ways of writing one that qdq/lift.h lists, as
// import_onnx does. Throws Error: kInvalidArgument if nothing in it is quantized.
QuantizedNetwork import_quantized_onnx(const std::string& path);
// Whether import_quantized_onnx is the one to read it; import_onnx where the file is damaged, which
// says so. Reads no tensor. Throws Error (kNotFound) if the file cannot be read.
bool is_quantized_onnx(const std::string& path);

struct ExportOptions {
  int opset = kExportOpset;  // 13 to 25; a later one is written where an operator needs it
  // Kept beside the network as metadata_props; keys get the prefix "gradus.".
  std::map<std::string, std::string> metadata = {};
};

// Writes a float graph in normal form, or what to_qdq() made of a quantized one, as ONNX of the
// opset asked for, whole or not at all; the batch is called N. import_onnx, or
// import_quantized_onnx, gives the same graph back. Throws Error: kFailed and kNotFound as
// write_file_atomically does, kUnsupported if the network passes 2 GiB. Throws LogicError for a
// graph with quantizers or attached batch norms (fused.h).
void export_onnx(const Graph& graph, const std::string& path, const ExportOptions& options = {});

}  // namespace gradus
