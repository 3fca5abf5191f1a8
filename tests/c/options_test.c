/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Options of older and newer programs, and their defaults. */
#include <stdlib.h>

#include "tests/c/check.h"

static void defaults(void) {
  md_load_options load;
  memset(&load, 0xff, sizeof load);
  md_load_options_init(&load, sizeof load);
  CHECK(load.struct_size == sizeof load && load.threads == 0 && load.precision == MD_PRECISION_OF_MODEL);
  CHECK(load.memory == MD_MEMORY_KEEP && load.priority == MD_NORMAL && load.lora_count == 0 && load.loras == NULL &&
        load.cache_folder == NULL);
  CHECK(load.cache_bytes == (uint64_t)4 << 30 && load.vae == NULL && load.thread_pool == NULL);
  CHECK(load.log == NULL && load.log_user_data == NULL);

  md_generate_options generate;
  memset(&generate, 0xff, sizeof generate);
  md_generate_options_init(&generate, sizeof generate);
  CHECK(generate.struct_size == sizeof generate && generate.seed == 0 && generate.width == 0 && generate.height == 0);
  CHECK(generate.steps == 0 && generate.guidance == MD_GUIDANCE_OF_MODEL && generate.negative_prompt == NULL);
  CHECK(generate.sampler == NULL && generate.image.data == NULL && generate.image.width == 0);
  CHECK(generate.image.height == 0 && generate.image.format == MD_RGB && generate.strength == 0.6);
  CHECK(generate.initial_noise == NULL && generate.initial_noise_count == 0 && generate.noise == MD_NOISE_PHILOX);
  CHECK(generate.format == MD_RGB && generate.output == NULL && generate.output_bytes == 0);
  CHECK(generate.progress == NULL && generate.progress_user_data == NULL && generate.remember_text == 0);

  md_save_options save;
  memset(&save, 0xff, sizeof save);
  md_save_options_init(&save, sizeof save);
  CHECK(save.struct_size == sizeof save && save.metadata == 1 && save.jpeg_quality == 95);

  md_pack_options pack;
  memset(&pack, 0xff, sizeof pack);
  md_pack_options_init(&pack, sizeof pack);
  CHECK(pack.struct_size == sizeof pack && pack.weights == MD_STORED_AS_THEY_ARE && pack.lora_count == 0);
  CHECK(pack.loras == NULL && pack.vae == NULL && pack.cancelled == NULL && pack.cancelled_user_data == NULL);
}

/* An older program's struct is smaller: nothing is written past it. */
static void init_keeps_within_an_older_struct(void) {
  const size_t older = offsetof(md_save_options, jpeg_quality);
  unsigned char* memory = malloc(older + 1); /* a sanitizer sees what is past */
  memory[older] = 77;
  md_save_options_init((md_save_options*)(void*)memory, older);
  size_t size = 0;
  memcpy(&size, memory, sizeof size);
  CHECK(size == older);
  CHECK(memory[older] == 77);
  md_save_options_init((md_save_options*)(void*)memory, 1); /* no room for a size: nothing is written */
  memcpy(&size, memory, sizeof size);
  CHECK(size == older);
  free(memory);
}

/* A newer program's is larger: what this library does not know is zeros. */
static void init_clears_a_newer_struct(void) {
  struct {
    md_save_options known;
    uint64_t unknown;
  } newer = {{0, 0, 0}, 77};
  md_save_options_init(&newer.known, sizeof newer);
  CHECK(newer.known.struct_size == sizeof newer && newer.known.jpeg_quality == 95 && newer.unknown == 0);
}

static md_image* an_image(void) {
  static uint8_t noise[64 * 64 * 3];
  for (size_t i = 0; i < sizeof noise; ++i) noise[i] = (uint8_t)(i * i * 2654435761u >> 13);
  const md_pixels pixels = {noise, 64, 64, MD_RGB};
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_image_from_pixels(&pixels, NULL, &image, &error));
  return image;
}

static size_t jpeg_size(const md_image* image, const md_save_options* options) {
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  if (!DONE(md_image_encode(image, MD_JPEG, options, &bytes, &error))) return 0;
  const size_t size = md_bytes_size(bytes);
  md_bytes_free(bytes);
  return size;
}

static void sizes_are_read(void) {
  if (!kComplete) return; /* a JPEG's quality tells whether they are */
  md_image* image = an_image();
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  const size_t by_default = jpeg_size(image, NULL);
  md_save_options options;
  md_save_options_init(&options, sizeof options);
  CHECK(jpeg_size(image, &options) == by_default);
  options.jpeg_quality = 10;
  const size_t poor = jpeg_size(image, &options);
  CHECK(poor < by_default);

  /* A field that an older struct has not keeps its default, and one of which it has a part as well. */
  options.struct_size = offsetof(md_save_options, jpeg_quality);
  CHECK(jpeg_size(image, &options) == by_default);
  options.struct_size = offsetof(md_save_options, jpeg_quality) + 2;
  CHECK(jpeg_size(image, &options) == by_default);
  options.struct_size = sizeof options.struct_size;
  CHECK(jpeg_size(image, &options) == by_default);
  options.struct_size = offsetof(md_save_options, jpeg_quality) + sizeof options.jpeg_quality;
  CHECK(jpeg_size(image, &options) == poor);

  struct {
    md_save_options known;
    uint64_t unknown;
  } newer;
  md_save_options_init(&newer.known, sizeof newer);
  newer.known.jpeg_quality = 10;
  CHECK(jpeg_size(image, &newer.known) == poor);
  newer.unknown = (uint64_t)1 << 63;
  REFUSED(md_image_encode(image, MD_JPEG, &newer.known, &bytes, &error), MD_INVALID_ARGUMENT,
          "is set: this library knows");
  CHECK(bytes == NULL);
  md_image_free(image);
}

static void sizes_that_are_none_are_named(void) {
  md_image* image = an_image();
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  md_save_options options;
  md_save_options_init(&options, sizeof options);
  const size_t wrong[] = {0, 1, sizeof(size_t) - 1, 4097, (size_t)-1};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    options.struct_size = wrong[i];
    REFUSED(md_image_encode(image, MD_PNG, &options, &bytes, &error), MD_INVALID_ARGUMENT,
            "md_save_options.struct_size must be sizeof(md_save_options)");
    REFUSED(md_image_save(image, "never-written.png", &options, &error), MD_INVALID_ARGUMENT, "md_save_options_init");
  }
  md_image_free(image);

  md_pipeline* pipeline = NULL;
  md_load_options load = {0};
  REFUSED(md_pipeline_load(DEFAULT_MODEL, &load, &pipeline, &error), MD_INVALID_ARGUMENT,
          "md_load_options.struct_size");
  const uint8_t byte = 0;
  REFUSED(md_pipeline_load_memory(&byte, 1, &load, &pipeline, &error), MD_INVALID_ARGUMENT,
          "md_load_options.struct_size");
  REFUSED(md_pipeline_load_descriptor(-1, 0, 1, &load, &pipeline, &error), MD_INVALID_ARGUMENT,
          "md_load_options.struct_size");
  const md_pack_options pack = {0};
  REFUSED(md_pack(DEFAULT_MODEL, "never-written.mdiff", &pack, &error), MD_INVALID_ARGUMENT,
          "md_pack_options.struct_size");
}

int main(void) {
  defaults();
  init_keeps_within_an_older_struct();
  init_clears_a_newer_struct();
  sizes_are_read();
  sizes_that_are_none_are_named();
  return failures > 0;
}
