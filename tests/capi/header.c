// Compiles only if gradus.h is C99; the calls hold its types to what the documentation shows.
#include "gradus.h"

gradus_status capi_header_is_c(const char* path);

gradus_status capi_header_is_c(const char* path) {
  gradus_error error;
  gradus_model* model = NULL;
  gradus_session* session = NULL;
  gradus_options options = GRADUS_OPTIONS_INIT;
  options.threads = 2;
  float image[4] = {0};
  float value[1];
  const gradus_output output = {value, 1, NULL, 0};
  gradus_status status = gradus_model_load(path, &model, &error);
  if (status == GRADUS_OK) status = gradus_session_create(model, &options, &session, &error);
  if (status == GRADUS_OK) status = gradus_run(session, image, 1, &output, 1, &error);
  gradus_session_free(session);
  gradus_model_free(model);
  return status;
}
