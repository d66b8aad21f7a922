#include <iterator>

#include "gradus/capi/handles.h"
#include "gradus/qmodel/file.h"

namespace gradus {
namespace {

gradus_tensor describe(const QTensor& tensor) {
  gradus_tensor result{};
  result.name = tensor.name.c_str();
  result.channels = tensor.channels;
  result.height = tensor.height;
  result.width = tensor.width;
  if (tensor.kind == QTensorKind::kCodes) {
    result.has_codes = 1;
    result.bits = tensor.bits;
    result.low = tensor.grid.quant_min;
    result.high = tensor.grid.quant_max;
    result.zero_point = tensor.zero_point;
    result.scale = tensor.scale;
  }
  return result;
}

std::unique_ptr<gradus_model> make_model(QModel&& model) {
  auto made = std::make_unique<gradus_model>();
  made->model = std::move(model);
  const auto tensor = [&](std::int32_t index) -> const QTensor& {
    return made->model.tensors[static_cast<std::size_t>(index)];
  };
  made->input = describe(tensor(made->model.input));
  for (std::int32_t output : made->model.outputs) made->outputs.push_back(describe(tensor(output)));
  return made;
}

}  // namespace
}  // namespace gradus

extern "C" {

const char* gradus_version(void) { return GRADUS_VERSION; }

gradus_status gradus_model_load(const char* path, gradus_model** model, gradus_error* error) {
  if (path == nullptr || model == nullptr) {
    return gradus::fail(error, GRADUS_INVALID_ARGUMENT, "gradus_model_load: path or model is null");
  }
  return gradus::guarded(error,
                         [&] { *model = gradus::make_model(gradus::load_model(path)).release(); });
}

gradus_status gradus_model_parse(const void* bytes, size_t size, gradus_model** model,
                                 gradus_error* error) {
  if (bytes == nullptr || model == nullptr) {
    return gradus::fail(error, GRADUS_INVALID_ARGUMENT,
                        "gradus_model_parse: bytes or model is null");
  }
  return gradus::guarded(error, [&] {
    const std::span all(static_cast<const std::byte*>(bytes), size);
    *model = gradus::make_model(gradus::parse_model(all, "the model in memory")).release();
  });
}

void gradus_model_free(gradus_model* model) { delete model; }

const gradus_tensor* gradus_model_input(const gradus_model* model) {
  return model == nullptr ? nullptr : &model->input;
}

size_t gradus_model_output_count(const gradus_model* model) {
  return model == nullptr ? 0 : model->outputs.size();
}

const gradus_tensor* gradus_model_output(const gradus_model* model, size_t index) {
  return index < gradus_model_output_count(model) ? &model->outputs[index] : nullptr;
}

size_t gradus_model_metadata_count(const gradus_model* model) {
  return model == nullptr ? 0 : model->model.metadata.size();
}

const char* gradus_model_metadata_key(const gradus_model* model, size_t index) {
  if (index >= gradus_model_metadata_count(model)) return nullptr;
  return std::next(model->model.metadata.begin(), static_cast<std::ptrdiff_t>(index))
      ->first.c_str();
}

const char* gradus_model_metadata(const gradus_model* model, const char* key) {
  if (model == nullptr || key == nullptr) return nullptr;
  // Looked up without a copy of the key: nothing here may throw.
  for (const auto& [known, text] : model->model.metadata) {
    if (known == key) return text.c_str();
  }
  return nullptr;
}

}  // extern "C"
