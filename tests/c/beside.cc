// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "tests/c/beside.h"

#include <algorithm>

#include "mobilediffusion/pipeline.h"
#include "tests/descriptor.h"
#include "tests/failing_new.h"

int draw_by_the_cpp_face(const char* model, const char* prompt, int side, uint8_t* pixels, size_t bytes) {
  auto pipeline = mobilediffusion::Pipeline::load(model);
  if (!pipeline.ok()) return 0;
  const auto image = pipeline->generate(prompt, {.width = side, .height = side});
  if (!image.ok() || image->pixels.size() != bytes) return 0;
  std::copy(image->pixels.begin(), image->pixels.end(), pixels);
  return 1;
}

void limit_allocations(long left) { g_allocations_left = left; }

void throwing_log(void*, int32_t, const char*) { throw 1; }

int open_to_read(const char* path) { return mobilediffusion::open_descriptor(path); }

void close_again(int descriptor) { mobilediffusion::close_descriptor(descriptor); }
