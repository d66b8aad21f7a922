// Classifies a picture: classify MODEL.gradus PICTURE.ppm [LABELS.txt]
// Prints the five largest outputs, one a line: class, value, and the line of LABELS.txt for it.
// PPM (binary, 8 bits) keeps the example free of decoders; `convert photo.jpg photo.ppm` of
// ImageMagick, or libpng and libjpeg in a program of your own, give the same bytes.
#include <gradus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kShown = 5, kMaxSide = 16384 };

static int complain(const char* what, const char* why) {
  fprintf(stderr, "classify: %s: %s\n", what, why);
  return 2;
}

// A number of the header; comments run from # to the end of the line.
static int read_number(FILE* file) {
  int c = getc(file);
  while (c == '#' || c == ' ' || c == '\t' || c == '\r' || c == '\n') {
    if (c == '#') {
      while (c != '\n' && c != EOF) c = getc(file);
    }
    c = getc(file);
  }
  int value = 0;
  int digits = 0;
  for (; c >= '0' && c <= '9'; c = getc(file)) {
    value = value * 10 + (c - '0');
    if (++digits > 6) return -1;
  }
  return digits > 0 ? value : -1;  // the one space after the number is read too
}

// The pixels of a PPM (P6, three channels) or PGM (P5, one), to be freed; NULL if it is neither or
// not of `channels`.
static uint8_t* read_picture(const char* path, int channels, gradus_picture* picture) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  uint8_t* pixels = NULL;
  if (getc(file) == 'P' && getc(file) == (channels == 3 ? '6' : '5')) {
    const int width = read_number(file);
    const int height = read_number(file);
    const int largest = read_number(file);
    if (width >= 1 && width <= kMaxSide && height >= 1 && height <= kMaxSide && largest == 255) {
      const size_t size = (size_t)width * (size_t)height * (size_t)channels;
      pixels = malloc(size);
      if (pixels != NULL && fread(pixels, 1, size, file) != size) {
        free(pixels);
        pixels = NULL;
      }
      picture->pixels = pixels;
      picture->width = width;
      picture->height = height;
      picture->row_stride = 0;
    }
  }
  fclose(file);
  return pixels;
}

// Line `index` of the file, without its end; "" if there is none.
static void read_label(const char* path, size_t index, char* label, int size) {
  label[0] = '\0';
  FILE* file = path == NULL ? NULL : fopen(path, "r");
  if (file == NULL) return;
  for (size_t line = 0; line <= index; ++line) {
    if (fgets(label, size, file) == NULL) {
      label[0] = '\0';
      break;
    }
  }
  label[strcspn(label, "\r\n")] = '\0';
  fclose(file);
}

static void print_largest(float* values, size_t count, const char* labels) {
  for (int shown = 0; shown < kShown && (size_t)shown < count; ++shown) {
    size_t best = 0;
    for (size_t i = 1; i < count; ++i) {
      if (values[i] > values[best]) best = i;
    }
    char label[256];
    read_label(labels, best, label, sizeof label);
    printf("%zu %.9g%s%s\n", best, (double)values[best], label[0] ? " " : "", label);
    values[best] = -1.0f / 0.0f;
  }
}

static int classify(gradus_session* session, const gradus_model* model, const char* path,
                    const char* labels) {
  gradus_picture picture;
  const int channels = (int)gradus_model_input(model)->channels;
  uint8_t* pixels = read_picture(path, channels, &picture);
  if (pixels == NULL) {
    return complain(path, channels == 3 ? "expected a PPM (P6) of 8 bits"
                                        : "expected a PGM (P5) of 8 bits: the network takes grey");
  }
  const gradus_tensor* out = gradus_model_output(model, 0);
  const size_t count = (size_t)out->channels * (size_t)out->height * (size_t)out->width;
  float* values = malloc(count * sizeof *values);
  const gradus_output output = {values, count, NULL, 0};
  gradus_error error;
  int status = values == NULL ? complain(path, "out of memory") : 0;
  if (status == 0 && gradus_run_pictures(session, &picture, 1, &output, 1, &error) != GRADUS_OK) {
    status = complain(path, error.text);
  }
  if (status == 0) print_largest(values, count, labels);
  free(values);
  free(pixels);
  return status;
}

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4)
    return complain("usage", "classify MODEL.gradus PICTURE.ppm [LABELS.txt]");
  gradus_error error;
  gradus_model* model = NULL;
  if (gradus_model_load(argv[1], &model, &error) != GRADUS_OK) {
    return complain("cannot load", error.text);
  }
  int status = 0;
  gradus_session* session = NULL;
  if (gradus_model_output_count(model) != 1) {
    status = complain(argv[1], "has several outputs; expected one, of classes");
  } else if (gradus_session_create(model, NULL, &session, &error) != GRADUS_OK) {
    status = complain(argv[1], error.text);
  } else {
    status = classify(session, model, argv[2], argc > 3 ? argv[3] : NULL);
  }
  gradus_session_free(session);
  gradus_model_free(model);
  return status;
}
