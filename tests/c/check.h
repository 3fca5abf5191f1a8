/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * What the tests of c.h share. A test is a program: it says what failed, goes on, and ends with 1. */
#ifndef MOBILEDIFFUSION_TESTS_C_CHECK_H_
#define MOBILEDIFFUSION_TESTS_C_CHECK_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mobilediffusion/c.h"

#define DEFAULT_MODEL MOBILEDIFFUSION_SOURCE_DIR "/models/" MOBILEDIFFUSION_DEFAULT_MODEL

/* Whether the library has all that it can have; what a minimal one leaves out it must say so of. */
#if defined(MOBILEDIFFUSION_MINIMAL)
enum { kComplete = 0 };
#else
enum { kComplete = 1 };
#endif
#define LEFT_OUT "not in this build"

static int failures = 0;

static inline int check(int condition, const char* text, const char* file, int line) {
  if (!condition) {
    ++failures;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
  }
  return condition;
}
#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)

static inline void check_text(const char* found, const char* expected, const char* file, int line) {
  if (strcmp(found, expected) == 0) return;
  ++failures;
  fprintf(stderr, "%s:%d: expected \"%s\", found \"%s\"\n", file, line, expected, found);
}
#define CHECK_TEXT(found, expected) check_text(found, expected, __FILE__, __LINE__)

/* Of a call that must succeed; `error` is where the call was told to store its error. */
static inline int check_done(md_status status, md_error** error, const char* file, int line) {
  if (status == MD_OK && *error == NULL) return 1;
  ++failures;
  fprintf(stderr, "%s:%d: %s: %s\n", file, line, md_status_name(status), md_error_message(*error));
  md_error_free(*error);
  *error = NULL;
  return 0;
}
#define DONE(call) check_done(call, &error, __FILE__, __LINE__)

/* Of a call that must fail with a code and a message that has `saying` in it. Frees the error. */
static inline void check_refused(md_status status, md_error** error, md_status expected, const char* saying,
                                 const char* file, int line) {
  const char* message = md_error_message(*error);
  if (status != expected || md_error_status(*error) != expected || strstr(message, saying) == NULL) {
    ++failures;
    fprintf(stderr, "%s:%d: expected %s and \"%s\", found %s and \"%s\" of %s\n", file, line, md_status_name(expected),
            saying, md_status_name(status), message, md_status_name(md_error_status(*error)));
  }
  md_error_free(*error);
  *error = NULL;
}
#define REFUSED(call, expected, saying) check_refused(call, &error, expected, saying, __FILE__, __LINE__)

/* A file's bytes, for free(). */
static inline unsigned char* read_whole(const char* path, size_t* bytes) {
  FILE* file = fopen(path, "rb");
  if (!CHECK(file != NULL)) return NULL;
  CHECK(fseek(file, 0, SEEK_END) == 0);
  *bytes = (size_t)ftell(file);
  CHECK(fseek(file, 0, SEEK_SET) == 0);
  unsigned char* content = malloc(*bytes);
  CHECK(content != NULL && fread(content, 1, *bytes, file) == *bytes);
  fclose(file);
  return content;
}

#endif /* MOBILEDIFFUSION_TESTS_C_CHECK_H_ */
