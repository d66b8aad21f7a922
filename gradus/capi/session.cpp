#include "gradus/capi/handles.h"
#include "gradus/qmodel/geometry.h"

namespace gradus {
namespace {

constexpr std::int32_t kMaxBatch = 1 << 16;
// With limits::kTensorElements no product of a run overflows 64 bits.
constexpr std::size_t kMaxImages = std::size_t{1} << 31;

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorCode::kInvalidArgument, text);
}

EngineOptions engine_options(const gradus_options* given) {
  gradus_options options = GRADUS_OPTIONS_INIT;
  if (given != nullptr) {
    // An older caller's struct is shorter, a newer one's longer than what is known here.
    if (given->struct_size < offsetof(gradus_options, isa) || given->struct_size > 4096) {
      refuse("gradus_options.struct_size is " + std::to_string(given->struct_size) +
             "; expected sizeof(gradus_options): begin with GRADUS_OPTIONS_INIT");
    }
    std::memcpy(&options, given, std::min(given->struct_size, sizeof options));
  }
  EngineOptions result;
  result.threads = options.threads == 0 ? 1 : options.threads;
  result.max_batch = options.max_batch == 0 ? 1 : options.max_batch;
  if (result.max_batch < 1 || result.max_batch > kMaxBatch) {
    refuse("max_batch is " + std::to_string(options.max_batch) + "; expected 1 to 65536");
  }
  if (options.isa != nullptr) result.isa = isa_from_name(options.isa);
  return result;
}

// What a session needs to take pictures; why it cannot, where it cannot.
void prepare_pictures(const QModel& model, gradus_session& session) {
  try {
    const auto preprocessing = stored_preprocessing(model.metadata);
    if (!preprocessing) {
      session.no_pictures_status = GRADUS_UNSUPPORTED;
      session.no_pictures =
          "the model remembers no preprocessing of pictures; preprocess them yourself and call "
          "gradus_run";
      return;
    }
    session.reader = std::make_unique<PictureReader>(*preprocessing, session.engine.input());
  } catch (const Error& error) {
    session.no_pictures_status = status_of(error.code());
    session.no_pictures = error.what();
    return;
  }
  const std::int64_t size = session.max_batch * elements(session.engine.input());
  session.images.resize(static_cast<std::size_t>(size));
}

std::unique_ptr<gradus_session> make_session(const QModel& model, const gradus_options* given) {
  const EngineOptions options = engine_options(given);
  auto session = std::unique_ptr<gradus_session>(
      new gradus_session{.engine = Engine(model, options), .max_batch = options.max_batch});
  session->buffers.resize(session->engine.outputs().size());
  session->slice.resize(session->buffers.size());
  prepare_pictures(model, *session);
  return session;
}

// Fills session.buffers with exactly what `batch` images give.
void take_outputs(gradus_session& session, std::size_t batch, const gradus_output* outputs,
                  std::size_t count) {
  if (batch < 1 || batch > kMaxImages) {
    refuse(std::to_string(batch) + " images; expected 1 to " + std::to_string(kMaxImages));
  }
  const auto tensors = session.engine.outputs();
  if (outputs == nullptr || count != tensors.size()) {
    refuse(std::to_string(outputs == nullptr ? 0 : count) + " outputs given; the network has " +
           std::to_string(tensors.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const gradus_output& given = outputs[i];
    const std::size_t size = batch * static_cast<std::size_t>(elements(tensors[i]));
    if ((given.values != nullptr && given.value_count < size) ||
        (given.codes != nullptr && given.code_count < size)) {
      refuse("output '" + tensors[i].name + "' has room for " +
             std::to_string(given.values != nullptr ? given.value_count : given.code_count) +
             " values; expected " + std::to_string(size));
    }
    session.buffers[i] = {{given.values, given.values == nullptr ? 0 : size},
                          {given.codes, given.codes == nullptr ? 0 : size}};
  }
}

PictureView view_of(const gradus_picture& picture, std::int32_t channels) {
  const std::ptrdiff_t row = std::ptrdiff_t{picture.width} * channels;
  return {picture.pixels, picture.width, picture.height, channels,
          picture.row_stride == 0 ? row : picture.row_stride};
}

// All are checked before the first one runs.
void check_pictures(const gradus_session& session, std::span<const gradus_picture> pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const std::string where = "picture " + std::to_string(i);
    if (pictures[i].pixels == nullptr) refuse(where + ": pixels is null");
    session.reader->check(view_of(pictures[i], session.engine.input().channels), where);
  }
}

void run_pictures(gradus_session& session, std::span<const gradus_picture> pictures) {
  const QTensor& input = session.engine.input();
  const auto size = static_cast<std::size_t>(elements(input));
  const auto most = static_cast<std::size_t>(session.max_batch);
  for (std::size_t first = 0; first < pictures.size(); first += most) {
    const std::size_t batch = std::min(most, pictures.size() - first);
    const std::span images(session.images.data(), batch * size);
    for (std::size_t i = 0; i < batch; ++i) {
      session.reader->read(view_of(pictures[first + i], input.channels),
                           images.subspan(i * size, size));
    }
    for (std::size_t i = 0; i < session.buffers.size(); ++i) {
      const auto each = static_cast<std::size_t>(elements(session.engine.outputs()[i]));
      const auto part = [&](auto whole) {
        return whole.empty() ? whole : whole.subspan(first * each, batch * each);
      };
      session.slice[i] = {part(session.buffers[i].values), part(session.buffers[i].codes)};
    }
    session.engine.run(images, static_cast<std::int64_t>(batch), session.slice);
  }
}

// Holds a session for one call.
class Hold {
 public:
  explicit Hold(gradus_session& session)
      : session_(session), held_(!session.running.test_and_set(std::memory_order_acquire)) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    if (held_) session_.running.clear(std::memory_order_release);
  }
  bool held() const noexcept { return held_; }

 private:
  gradus_session& session_;
  const bool held_;
};

constexpr const char* kBusy =
    "the session runs in another thread; create one session a thread, or wait for it";

}  // namespace
}  // namespace gradus

extern "C" {

gradus_status gradus_session_create(const gradus_model* model, const gradus_options* options,
                                    gradus_session** session, gradus_error* error) {
  if (model == nullptr || session == nullptr) {
    return gradus::fail(error, GRADUS_INVALID_ARGUMENT,
                        "gradus_session_create: model or session is null");
  }
  return gradus::guarded(error,
                         [&] { *session = gradus::make_session(model->model, options).release(); });
}

void gradus_session_free(gradus_session* session) { delete session; }

gradus_status gradus_run(gradus_session* session, const float* images, size_t batch,
                         const gradus_output* outputs, size_t output_count, gradus_error* error) {
  if (session == nullptr || images == nullptr) {
    return gradus::fail(error, GRADUS_INVALID_ARGUMENT, "gradus_run: session or images is null");
  }
  const gradus::Hold hold(*session);
  if (!hold.held()) return gradus::fail(error, GRADUS_BUSY, gradus::kBusy);
  return gradus::guarded(error, [&] {
    gradus::take_outputs(*session, batch, outputs, output_count);
    const auto size = static_cast<std::size_t>(gradus::elements(session->engine.input()));
    session->engine.run({images, batch * size}, static_cast<std::int64_t>(batch), session->buffers);
  });
}

gradus_status gradus_run_pictures(gradus_session* session, const gradus_picture* pictures,
                                  size_t count, const gradus_output* outputs, size_t output_count,
                                  gradus_error* error) {
  if (session == nullptr || pictures == nullptr) {
    return gradus::fail(error, GRADUS_INVALID_ARGUMENT,
                        "gradus_run_pictures: session or pictures is null");
  }
  if (session->reader == nullptr) {
    return gradus::fail(error, session->no_pictures_status, session->no_pictures.c_str());
  }
  const gradus::Hold hold(*session);
  if (!hold.held()) return gradus::fail(error, GRADUS_BUSY, gradus::kBusy);
  return gradus::guarded(error, [&] {
    gradus::take_outputs(*session, count, outputs, output_count);
    gradus::check_pictures(*session, {pictures, count});
    gradus::run_pictures(*session, {pictures, count});
  });
}

}  // extern "C"
