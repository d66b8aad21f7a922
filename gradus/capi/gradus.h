// gradus for programs: load a model.gradus and run it. Plain C99, usable from C++; the one header
// that is installed. docs/how-to/use-it-from-c.md leads through it.
//
//   gradus_error error;
//   gradus_model* model = NULL;
//   gradus_session* session = NULL;
//   if (gradus_model_load("model.gradus", &model, &error) != GRADUS_OK) ...error.text...
//   if (gradus_session_create(model, NULL, &session, &error) != GRADUS_OK) ...
//   gradus_run(session, images, 1, &output, 1, &error);
//   gradus_session_free(session);
//   gradus_model_free(model);
//
// Stability: what is declared here keeps its meaning and its binary layout while the library's
// soname stays (libgradus.so.0). Structs that the library fills grow at their end only; those that
// the caller fills carry their size.
//
// Threads: a model is never changed and may be used by any number of threads. A session runs one
// call at a time: a second one meanwhile is refused with GRADUS_BUSY. For more at once, create a
// session a thread from the same model. Codes and floats never depend on threads, batch, or the
// instruction set of the CPU; those after a float island (docs/numerics.md section 9) may depend on
// the C library of the machine.
//
// Memory: everything is allocated when a model is loaded and a session is created; gradus_run
// allocates nothing. gradus_run_pictures allocates nothing either, but for a picture that has to be
// resized and whose size differs from that of the last one resized.
//
// No exception leaves the library, it prints nothing and never ends the program. A file is not
// trusted: one that is damaged or hostile is refused.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define GRADUS_API __attribute__((visibility("default")))
#else
#define GRADUS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Every function that can fail returns one of these.
typedef enum gradus_status {
  GRADUS_OK = 0,
  GRADUS_INVALID_ARGUMENT = 1,  // an argument is null, out of range, or of another size
  GRADUS_INVALID_FILE = 2,      // the model is malformed, truncated or corrupt
  GRADUS_UNSUPPORTED = 3,       // the model asks for what this library or machine cannot do
  GRADUS_NOT_FOUND = 4,         // the file is missing or cannot be read
  GRADUS_OUT_OF_MEMORY = 5,
  GRADUS_BUSY = 6,    // the session runs in another thread
  GRADUS_FAILED = 7,  // threads could not be started, or a mistake inside the library
} gradus_status;

// What went wrong: one line of text that says where, what was found, what was expected and what to
// do. The caller's own; functions fill it only when they fail. NULL is allowed wherever it is
// taken.
typedef struct gradus_error {
  gradus_status status;
  char text[1020];  // UTF-8 as far as names in files are; zero at the end; cut if it is longer
} gradus_error;

// "0.1.0", of the library that runs, not of this header.
GRADUS_API const char* gradus_version(void);

// ---- models -------------------------------------------------------------------------------------

typedef struct gradus_model gradus_model;

// Reads and checks a model.gradus. `*model` is written on success only, else left alone.
GRADUS_API gradus_status gradus_model_load(const char* path, gradus_model** model,
                                           gradus_error* error);
// The same from memory; `bytes` may be freed or changed afterwards.
GRADUS_API gradus_status gradus_model_parse(const void* bytes, size_t size, gradus_model** model,
                                            gradus_error* error);
// NULL is allowed. Sessions made from the model stay usable.
GRADUS_API void gradus_model_free(gradus_model* model);

// An input or output of the network for one image: channels x height x width; a network that
// classifies has an output of classes x 1 x 1. Owned by the model or session it was asked of.
typedef struct gradus_tensor {
  const char* name;
  int32_t channels;
  int32_t height;
  int32_t width;
  // Whether it is integers inside: value = scale * (code - zero_point), low <= code <= high. The
  // rest is 0 where it is not.
  int32_t has_codes;
  int32_t bits;
  int32_t low;
  int32_t high;
  int32_t zero_point;
  float scale;
} gradus_tensor;

// NULL only where `model` is. The input takes floats.
GRADUS_API const gradus_tensor* gradus_model_input(const gradus_model* model);
GRADUS_API size_t gradus_model_output_count(const gradus_model* model);
// NULL if `index` is no output.
GRADUS_API const gradus_tensor* gradus_model_output(const gradus_model* model, size_t index);

// What the file remembers, as text: "recipe", "data.pixels.mean" and so on; keys in order.
GRADUS_API size_t gradus_model_metadata_count(const gradus_model* model);
// NULL if `index` is too large.
GRADUS_API const char* gradus_model_metadata_key(const gradus_model* model, size_t index);
// NULL if there is no such key.
GRADUS_API const char* gradus_model_metadata(const gradus_model* model, const char* key);

// ---- sessions -----------------------------------------------------------------------------------

typedef struct gradus_session gradus_session;

// Begin with `gradus_options options = GRADUS_OPTIONS_INIT;` and change what is to differ.
typedef struct gradus_options {
  size_t struct_size;  // sizeof(gradus_options), set by GRADUS_OPTIONS_INIT
  int32_t threads;     // 1 to 256, the caller's counted; 0: 1
  int32_t max_batch;   // images that memory is taken for, 1 to 65536; larger batches run in
                       // slices; 0: 1
  const char* isa;     // the most capable instruction set to use, "scalar", "avx2" or
                       // "avx512vnni"; NULL: what the CPU has, or GRADUS_ISA of the environment
} gradus_options;
#define GRADUS_OPTIONS_INIT {sizeof(gradus_options), 1, 1, NULL}

// Plans memory, packs weights and chooses kernels. `options` NULL: GRADUS_OPTIONS_INIT. `*session`
// is written on success only.
GRADUS_API gradus_status gradus_session_create(const gradus_model* model,
                                               const gradus_options* options,
                                               gradus_session** session, gradus_error* error);
// NULL is allowed. Not while the session runs.
GRADUS_API void gradus_session_free(gradus_session* session);

// Where an output goes, [batch][channels][height][width]. Either pointer may be NULL: not wanted.
typedef struct gradus_output {
  float* values;       // real numbers; codes are dequantized
  size_t value_count;  // floats at `values`, at least batch * channels * height * width
  int32_t* codes;      // the integers themselves; only of an output that has codes
  size_t code_count;   // integers at `codes`, as above
} gradus_output;

// Runs `batch` >= 1 images [batch][channels][height][width], already preprocessed as in training.
// `outputs` has one entry an output of the network, in order. GRADUS_INVALID_ARGUMENT if a size
// does not fit or an image holds NaN; then nothing has run.
GRADUS_API gradus_status gradus_run(gradus_session* session, const float* images, size_t batch,
                                    const gradus_output* outputs, size_t output_count,
                                    gradus_error* error);

// A picture as decoders give it: rows from top to bottom, channels beside each other (RGB, or grey
// for a network of one channel). The channels are those of the network's input.
typedef struct gradus_picture {
  const uint8_t* pixels;
  int32_t width;
  int32_t height;
  ptrdiff_t row_stride;  // bytes from a row to the next; 0: width * channels
} gradus_picture;

// Runs `count` >= 1 pictures, each of its own size, resized, cropped, reordered and normalised as
// the model's metadata says ("data.pixels.*": what training did). GRADUS_UNSUPPORTED if the model
// remembers none; GRADUS_INVALID_ARGUMENT if a picture does not come out in the size of the
// network's input.
GRADUS_API gradus_status gradus_run_pictures(gradus_session* session,
                                             const gradus_picture* pictures, size_t count,
                                             const gradus_output* outputs, size_t output_count,
                                             gradus_error* error);

#ifdef __cplusplus
}  // extern "C"
#endif
