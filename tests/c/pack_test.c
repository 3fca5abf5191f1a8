/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * A packed model by every way that it is loaded: the picture is the folder's. */
#include <stdlib.h>

#include "tests/c/beside.h"
#include "tests/c/check.h"

#define PACKED "c-pack-test.mdiff"
#define PACKAGE "c-pack-test.package"

enum { kOffset = 4097 }; /* where the model lies in the package: at no boundary */

static md_image* expected = NULL;

/* A small picture. */
static md_image* draw(md_pipeline* pipeline) {
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.width = options.height = 128;
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_generate(pipeline, "a red boat", &options, &image, &error));
  return image;
}

/* Draws and frees the pipeline. */
static void draws_as_the_folder(md_pipeline* pipeline) {
  md_image* image = draw(pipeline);
  CHECK_TEXT(md_pipeline_model_name(pipeline), MOBILEDIFFUSION_DEFAULT_MODEL);
  if (CHECK(md_image_pixel_bytes(image) > 0 && md_image_pixel_bytes(image) == md_image_pixel_bytes(expected)))
    CHECK(memcmp(md_image_pixels(image), md_image_pixels(expected), md_image_pixel_bytes(image)) == 0);
  md_image_free(image);
  md_pipeline_free(pipeline);
}

static void by_path_memory_and_descriptor(void) {
  md_pipeline* pipeline = NULL;
  md_error* error = NULL;
  if (DONE(md_pipeline_load(DEFAULT_MODEL, NULL, &pipeline, &error))) expected = draw(pipeline);
  md_pipeline_free(pipeline);
  md_pack_options options;
  md_pack_options_init(&options, sizeof options);
  if (!DONE(md_pack(DEFAULT_MODEL, PACKED, &options, &error))) return;
  if (DONE(md_pipeline_load(PACKED, NULL, &pipeline, &error))) draws_as_the_folder(pipeline);

  size_t bytes = 0;
  unsigned char* content = read_whole(PACKED, &bytes);
  if (content == NULL) return;
  if (DONE(md_pipeline_load_memory(content, bytes, NULL, &pipeline, &error))) draws_as_the_folder(pipeline);
  REFUSED(md_pipeline_load_memory(content, bytes / 2, NULL, &pipeline, &error), MD_INVALID_MODEL, "in memory");
  REFUSED(md_pipeline_load_memory(content, 0, NULL, &pipeline, &error), MD_INVALID_MODEL, "in memory");
  CHECK(pipeline == NULL);

  FILE* package = fopen(PACKAGE, "wb");
  for (int i = 0; i < kOffset; ++i) fputc('x', package);
  CHECK(fwrite(content, 1, bytes, package) == bytes);
  fputc('y', package);
  CHECK(fclose(package) == 0);
  free(content);
  const int descriptor = open_to_read(PACKAGE);
  CHECK(descriptor >= 0);
  const md_status status = md_pipeline_load_descriptor(descriptor, kOffset, bytes, NULL, &pipeline, &error);
  REFUSED(md_pipeline_load_descriptor(descriptor, 0, MD_REST_OF_FILE, NULL, &(md_pipeline*){NULL}, &error),
          MD_INVALID_MODEL, "the descriptor");
  REFUSED(md_pipeline_load_descriptor(descriptor, kOffset, bytes + 2, NULL, &(md_pipeline*){NULL}, &error), MD_IO_ERROR,
          "of a file that has");
  close_again(descriptor);
  if (DONE(status)) draws_as_the_folder(pipeline); /* closed, and mapped still */
  REFUSED(md_pipeline_load_descriptor(-1, 0, 1, NULL, &pipeline, &error), MD_IO_ERROR, "the descriptor -1");
  CHECK(pipeline == NULL);
  remove(PACKAGE);
  remove(PACKED);
}

static int32_t not_yet(void* user_data) { return --*(int*)user_data < 0; }

static void what_cannot_be_packed_is_named(void) {
  int questions = 3;
  md_error* error = NULL;
  md_pack_options options;
  md_pack_options_init(&options, sizeof options);
  options.cancelled = not_yet;
  options.cancelled_user_data = &questions;
  REFUSED(md_pack(DEFAULT_MODEL, PACKED, &options, &error), MD_CANCELLED, "");
  CHECK(questions < 0 && fopen(PACKED, "rb") == NULL);
  md_pack_options_init(&options, sizeof options);
  options.weights = 77;
  REFUSED(md_pack(DEFAULT_MODEL, PACKED, &options, &error), MD_INVALID_ARGUMENT, "weights 77");
  md_pack_options_init(&options, sizeof options);
  options.vae = "no-such-vae";
  REFUSED(md_pack(DEFAULT_MODEL, PACKED, &options, &error), MD_NOT_FOUND, "no-such-vae");
  REFUSED(md_pack("no-such-model", PACKED, NULL, &error), MD_NOT_FOUND, "no-such-model");
  REFUSED(md_pack(DEFAULT_MODEL, "no/such/folder/" PACKED, NULL, &error), MD_NOT_FOUND, "no/such/folder");
  CHECK(fopen(PACKED, "rb") == NULL);
}

static void in_8_bits_it_is_smaller(void) {
  md_pipeline* pipeline = NULL;
  md_error* error = NULL;
  md_pack_options options;
  md_pack_options_init(&options, sizeof options);
  options.weights = MD_STORED_INT8;
  md_load_options load;
  md_load_options_init(&load, sizeof load);
  load.precision = MD_INT8;
  if (DONE(md_pack(DEFAULT_MODEL, PACKED, &options, &error)) &&
      DONE(md_pipeline_load(PACKED, &load, &pipeline, &error))) {
    md_image* image = draw(pipeline);
    CHECK(memcmp(md_image_pixels(image), md_image_pixels(expected), md_image_pixel_bytes(image)) != 0);
    md_image_free(image);
  }
  md_pipeline_free(pipeline);
  size_t bytes = 0;
  free(read_whole(PACKED, &bytes));
  CHECK(bytes > 10000000 && bytes < 20000000); /* 24 MB as they are */
  remove(PACKED);
}

int main(void) {
  by_path_memory_and_descriptor();
  what_cannot_be_packed_is_named();
  in_8_bits_it_is_smaller();
  md_image_free(expected);
  return failures > 0;
}
