/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * What a test in C cannot have by itself. */
#ifndef MOBILEDIFFUSION_TESTS_C_BESIDE_H_
#define MOBILEDIFFUSION_TESTS_C_BESIDE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The same picture by the C++ face, of so many pixels a side: loads the model, draws the prompt, and writes the bytes
 * of its pixels. 0 where that failed or they are of another size. */
int draw_by_the_cpp_face(const char* model, const char* prompt, int side, uint8_t* pixels, size_t bytes);

/* Of this thread: as many allocations of C++ as `left` succeed, and none after them. Negative: all. */
void limit_allocations(long left);

/* A log callback that breaks the rule: it throws what is no std::exception. */
void throwing_log(void* user_data, int32_t level, const char* message);

/* A file open to be read, and closed again. */
int open_to_read(const char* path);
void close_again(int descriptor);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif /* MOBILEDIFFUSION_TESTS_C_BESIDE_H_ */
