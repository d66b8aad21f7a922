#include "gradus/onnx/operators.h"

#include "gradus/onnx/wire.h"

namespace gradus::onnx {
namespace {

// Fields of ModelProto, GraphProto and NodeProto.
enum : std::uint32_t { kGraph = 7, kNode = 1, kOpType = 4, kDomain = 7 };

bool has_node(Message graph, bool (*wanted)(const std::string& name)) {
  while (graph.next(kNode)) {
    const Message node = read_message(graph, "a node");
    if (wanted(qualified_name(peek_name(node, kDomain), peek_name(node, kOpType)))) return true;
  }
  return false;
}

}  // namespace

std::string qualified_name(const std::string& domain, const std::string& type) {
  return domain.empty() || domain == "ai.onnx" ? type : domain + ":" + type;
}

bool has_operator(std::span<const std::byte> bytes, bool (*wanted)(const std::string& name)) {
  try {
    Message model(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (model.next(kGraph)) {
      if (has_node(read_message(model, "the graph"), wanted)) return true;
    }
  } catch (const Error&) {
  } catch (const protozero::exception&) {
  }
  return false;
}

}  // namespace gradus::onnx
