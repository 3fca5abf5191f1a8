/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Pictures that follow a prompt. */
#include <pthread.h>
#include <stdlib.h>

#include "tests/c/beside.h"
#include "tests/c/check.h"

enum { kMost = 8 };

static md_pipeline* pipeline = NULL;

/* What a session has called back with. */
typedef struct {
  pthread_mutex_t mutex;
  int count, errors;
  char prompts[kMost][32];
  uint64_t seeds[kMost];
  md_image* images[kMost];
  md_status status;
} Gallery;

static void add(void* user_data, const char* prompt, uint64_t seed, double seconds, md_image* image,
                const md_error* error) {
  Gallery* const gallery = user_data;
  pthread_mutex_lock(&gallery->mutex);
  CHECK(seconds > 0 && (image == NULL) == (error != NULL));
  if (error != NULL) {
    gallery->status = md_error_status(error);
    ++gallery->errors;
  } else if (CHECK(gallery->count < kMost)) {
    strncpy(gallery->prompts[gallery->count], prompt, sizeof gallery->prompts[0] - 1);
    gallery->seeds[gallery->count] = seed;
    gallery->images[gallery->count++] = image;
  }
  pthread_mutex_unlock(&gallery->mutex);
}

static void clear(Gallery* gallery) {
  for (int i = 0; i < gallery->count; ++i) md_image_free(gallery->images[i]);
  pthread_mutex_destroy(&gallery->mutex);
}

static md_live* start(Gallery* gallery, const md_generate_options* options) {
  memset(gallery, 0, sizeof *gallery);
  pthread_mutex_init(&gallery->mutex, NULL);
  md_live* live = NULL;
  md_error* error = NULL;
  DONE(md_live_start(pipeline, options, add, gallery, &live, &error));
  return live;
}

static void submit(md_live* live, const char* prompt) {
  md_error* error = NULL;
  DONE(md_live_submit(live, prompt, &error));
}

static void each_prompt_once_and_as_generate_draws_it(void) {
  Gallery gallery;
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.seed = 5;
  md_live* const live = start(&gallery, &options);
  submit(live, "a red boat");
  md_live_finish(live);
  submit(live, "a red boat");
  md_live_finish(live);
  md_error* error = NULL;
  DONE(md_live_submit_with_seed(live, "a red boat", 6, &error));
  md_live_finish(live);
  if (CHECK(gallery.count == 2 && gallery.errors == 0)) {
    for (int i = 0; i < 2; ++i) {
      md_image* image = NULL;
      options.seed = 5 + (uint64_t)i;
      DONE(md_pipeline_generate(pipeline, "a red boat", &options, &image, &error));
      CHECK_TEXT(gallery.prompts[i], "a red boat");
      CHECK(gallery.seeds[i] == options.seed && md_image_pixel_bytes(image) > 0);
      CHECK(memcmp(md_image_pixels(image), md_image_pixels(gallery.images[i]), md_image_pixel_bytes(image)) == 0);
      md_image_free(image);
    }
  }
  md_live_free(live);
  clear(&gallery);
}

static void the_last_of_many_is_drawn(void) {
  Gallery gallery;
  md_live* const live = start(&gallery, NULL);
  char prompt[] = "a red boat in the sea";
  for (size_t length = 1; length < sizeof prompt; ++length) {
    char typed[sizeof prompt] = "";
    memcpy(typed, prompt, length);
    submit(live, typed);
  }
  md_live_finish(live);
  if (CHECK(gallery.count >= 1)) CHECK_TEXT(gallery.prompts[gallery.count - 1], prompt);
  md_live_free(live);
  clear(&gallery);
}

static void what_is_wrong_is_told(void) {
  Gallery gallery;
  md_live* const live = start(&gallery, NULL);
  submit(live, "\xff");
  md_live_finish(live);
  CHECK(gallery.count == 0 && gallery.errors == 1 && gallery.status == MD_INVALID_ARGUMENT);

  md_error* error = NULL;
  REFUSED(md_live_submit(live, NULL, &error), MD_INVALID_ARGUMENT, "prompt must not be NULL");
  REFUSED(md_live_submit_with_seed(NULL, "a boat", 1, &error), MD_INVALID_ARGUMENT, "live must not be NULL");
  md_live* other = live;
  REFUSED(md_live_start(NULL, NULL, add, NULL, &other, &error), MD_INVALID_ARGUMENT, "pipeline must not be NULL");
  CHECK(other == NULL);
  REFUSED(md_live_start(pipeline, NULL, NULL, NULL, &other, &error), MD_INVALID_ARGUMENT,
          "on_picture must not be NULL");
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  uint8_t pixel = 0;
  options.output = &pixel;
  REFUSED(md_live_start(pipeline, &options, add, NULL, &other, &error), MD_INVALID_ARGUMENT, "output must be null");
  md_live_finish(NULL);
  md_live_free(NULL);
  md_live_free(live);
  clear(&gallery);
}

static void freed_while_it_draws(void) {
  for (int i = 0; i < 20; ++i) {
    Gallery gallery;
    md_live* const live = start(&gallery, NULL);
    submit(live, "a red boat");
    if (i % 2 == 0) submit(live, "a blue house");
    md_live_free(live);
    CHECK(gallery.errors == 0);
    clear(&gallery);
  }
}

int main(void) {
  md_error* error = NULL;
  if (!DONE(md_pipeline_load(NULL, NULL, &pipeline, &error))) return 1;
  each_prompt_once_and_as_generate_draws_it();
  the_last_of_many_is_drawn();
  what_is_wrong_is_told();
  freed_while_it_draws();
  md_pipeline_free(pipeline);
  return failures > 0;
}
