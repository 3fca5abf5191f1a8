/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * The scenario that every language's tests tell, under these names. */
#include "tests/c/check.h"

#define PROMPT "two red boats at sunset"
#define PACKED "c-scenario-test.mdiff"

static const char* model = NULL; /* which the environment names */
static md_pipeline* pipeline = NULL;
static md_image* expected = NULL;

/* Whether a pipeline's picture is the expected one. */
static int draws_it(md_pipeline* drawing, const md_generate_options* options) {
  md_image* image = NULL;
  md_error* error = NULL;
  if (!DONE(md_pipeline_generate(drawing, PROMPT, options, &image, &error))) return 0;
  const size_t bytes = md_image_pixel_bytes(image);
  const int same = bytes > 0 && bytes == md_image_pixel_bytes(expected) &&
                   memcmp(md_image_pixels(image), md_image_pixels(expected), bytes) == 0;
  md_image_free(image);
  return same;
}

static void loads_from_bytes(void) {
  size_t bytes = 0;
  unsigned char* content = read_whole(PACKED, &bytes);
  md_pipeline* loaded = NULL;
  md_error* error = NULL;
  if (DONE(md_pipeline_load_memory(content, bytes, NULL, &loaded, &error))) CHECK(draws_it(loaded, NULL));
  md_pipeline_free(loaded);
  free(content);
}

static void loads_from_a_packed_file(void) {
  md_pipeline* loaded = NULL;
  md_error* error = NULL;
  if (DONE(md_pipeline_load(PACKED, NULL, &loaded, &error))) CHECK(draws_it(loaded, NULL));
  md_pipeline_free(loaded);
}

struct told {
  int calls, ended[MD_STAGE_ENCODER + 1];
  md_stage last, stops_in;
};

static int32_t tell(void* user_data, md_stage stage, int32_t done, int32_t total) {
  struct told* told = user_data;
  CHECK(told->calls == 0 || stage >= told->last); /* in order */
  ++told->calls;
  told->last = stage;
  told->ended[stage] = done == total;
  return stage == told->stops_in && 2 * done >= total;
}

static md_generate_options telling(struct told* told, md_stage stops_in) {
  *told = (struct told){0, {0}, MD_STAGE_TEXT, stops_in};
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.progress = tell;
  options.progress_user_data = told;
  return options;
}

static void draws_with_progress(void) {
  struct told told;
  const md_generate_options options = telling(&told, -1);
  CHECK(draws_it(pipeline, &options));
  CHECK(told.ended[MD_STAGE_TEXT] && told.ended[MD_STAGE_UNET] && told.ended[MD_STAGE_DECODER]);
  CHECK(!told.ended[MD_STAGE_ENCODER]);
}

static int32_t cancel_in_the_unet(void* user_data, md_stage stage, int32_t done, int32_t total) {
  (void)user_data, (void)done, (void)total;
  if (stage == MD_STAGE_UNET) md_pipeline_cancel(pipeline);
  return 0;
}

static void cancels_half_way(void) {
  struct told told;
  md_generate_options options = telling(&told, MD_STAGE_UNET);
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, PROMPT, &options, &image, &error), MD_CANCELLED, "cancel");
  CHECK(image == NULL && told.last == MD_STAGE_UNET);
  options.progress = cancel_in_the_unet;
  REFUSED(md_pipeline_generate(pipeline, PROMPT, &options, &image, &error), MD_CANCELLED, "cancel");
  CHECK(image == NULL);
}

static void refuses_what_cannot_be(void) {
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  md_image* image = NULL;
  md_error* error = NULL;
  options.width = 13;
  REFUSED(md_pipeline_generate(pipeline, PROMPT, &options, &image, &error), MD_INVALID_ARGUMENT, "13");
  options.width = 0;
  options.steps = -1;
  REFUSED(md_pipeline_generate(pipeline, PROMPT, &options, &image, &error), MD_INVALID_ARGUMENT, "steps");
  md_pipeline* none = NULL;
  REFUSED(md_pipeline_load("no-such-model", NULL, &none, &error), MD_NOT_FOUND, "no-such-model");
  size_t bytes = 0;
  unsigned char* content = read_whole(PACKED, &bytes);
  REFUSED(md_pipeline_load_memory(content, 100000, NULL, &none, &error), MD_INVALID_MODEL, "in memory");
  free(content);
}

static void draws_again(void) {
  CHECK(draws_it(pipeline, NULL));
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.seed = 1;
  CHECK(!draws_it(pipeline, &options));
  md_pipeline_trim(pipeline);
  CHECK(draws_it(pipeline, NULL));
}

/* A picture outlives its pipeline. */
static void lets_go(void) {
  md_pipeline_free(pipeline);
  pipeline = NULL;
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, PROMPT, NULL, &image, &error), MD_INVALID_ARGUMENT, "pipeline");
  CHECK(md_image_pixels(expected) != NULL);
  md_image_free(expected);
}

int main(void) {
  model = getenv("MOBILEDIFFUSION_MODEL");
  md_error* error = NULL;
  if (!CHECK(model != NULL) || !DONE(md_pack(model, PACKED, NULL, &error)) ||
      !DONE(md_pipeline_load(model, NULL, &pipeline, &error)) ||
      !DONE(md_pipeline_generate(pipeline, PROMPT, NULL, &expected, &error)))
    return 1;
  loads_from_bytes();
  loads_from_a_packed_file();
  draws_with_progress();
  cancels_half_way();
  refuses_what_cannot_be();
  draws_again();
  lets_go();
  CHECK(remove(PACKED) == 0);
  return failures > 0;
}
