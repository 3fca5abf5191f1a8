// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <mobilediffusion/pipeline.h>

#include <cstdio>

int main(int argc, char** argv) {
  auto pipeline = mobilediffusion::Pipeline::load();
  if (!pipeline.ok()) return std::fprintf(stderr, "%s\n", pipeline.status().message().c_str()), 1;
  auto image = pipeline->generate(argc > 1 ? argv[1] : "two red boats at sunset");
  if (!image.ok()) return std::fprintf(stderr, "%s\n", image.status().message().c_str()), 1;
  const auto saved = image->save("boats.png");
  if (!saved.ok()) return std::fprintf(stderr, "%s\n", saved.message().c_str()), 1;
  std::printf("boats.png: %dx%d in %.2f seconds\n", image->width, image->height, image->timings.total);
}
