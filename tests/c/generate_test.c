/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Drawing with the default model. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "tests/c/beside.h"
#include "tests/c/check.h"

enum { kSide = 128, kBytes = kSide * kSide * 3 }; /* of small pictures, whatever size the model's own are */

static md_pipeline* pipeline = NULL;

static md_generate_options with_seed(uint64_t seed) {
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.seed = seed;
  options.width = options.height = kSide;
  return options;
}

/* Of seed 0 where there are no options. */
static md_image* draw(const char* prompt, const md_generate_options* options) {
  const md_generate_options usual = with_seed(0);
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_generate(pipeline, prompt, options != NULL ? options : &usual, &image, &error));
  return image;
}

static int same(const md_image* one, const md_image* other) {
  const size_t bytes = md_image_pixel_bytes(one);
  return bytes > 0 && bytes == md_image_pixel_bytes(other) &&
         memcmp(md_image_pixels(one), md_image_pixels(other), bytes) == 0;
}

static void refuse(const md_generate_options* options, const char* saying) {
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, "a boat", options, &image, &error), MD_INVALID_ARGUMENT, saying);
  CHECK(image == NULL);
}

static void the_pipeline_tells_of_itself(void) {
  CHECK(md_pipeline_default_width(pipeline) > 0 && md_pipeline_default_height(pipeline) > 0);
  CHECK(md_pipeline_size_multiple(pipeline) > 0 && kSide % md_pipeline_size_multiple(pipeline) == 0);
  CHECK_TEXT(md_pipeline_model_name(pipeline), MOBILEDIFFUSION_DEFAULT_MODEL);
  CHECK(md_pipeline_load_seconds(pipeline) > 0);
}

static void a_picture_and_what_it_says(void) {
  const md_generate_options options = with_seed(7);
  md_image* image = draw("two red qwxz boats", &options);
  CHECK(md_image_width(image) == kSide && md_image_height(image) == kSide && md_image_format(image) == MD_RGB);
  CHECK(md_image_pixel_bytes(image) == kBytes && md_image_pixels(image) != NULL);
  CHECK(md_image_stage_seconds(image, MD_STAGE_TEXT) > 0 && md_image_stage_seconds(image, MD_STAGE_UNET) > 0);
  CHECK(md_image_stage_seconds(image, MD_STAGE_DECODER) > 0 && md_image_stage_seconds(image, MD_STAGE_ENCODER) == 0);
  CHECK(md_image_stage_seconds(image, 77) == 0);
  CHECK(md_image_total_seconds(image) >= md_image_stage_seconds(image, MD_STAGE_UNET));
  CHECK(!md_image_prompt_truncated(image) && md_image_prompt_tokens(image) > 3);
  if (CHECK(md_image_unknown_word_count(image) == 1)) CHECK_TEXT(md_image_unknown_word(image, 0), "qwxz");
  CHECK_TEXT(md_image_unknown_word(image, 1), "");

  const md_provenance* made = md_image_provenance(image);
  CHECK_TEXT(md_provenance_prompt(made), "two red qwxz boats");
  CHECK_TEXT(md_provenance_negative_prompt(made), "");
  CHECK_TEXT(md_provenance_model(made), MOBILEDIFFUSION_DEFAULT_MODEL);
  CHECK_TEXT(md_provenance_noise(made), "philox");
  CHECK(strlen(md_provenance_sampler(made)) > 0);
  CHECK(md_provenance_seed(made) == 7 && md_provenance_steps(made) == 1 && md_provenance_guidance(made) == 1);
  CHECK(md_provenance_strength(made) < 0 && md_provenance_lora_count(made) == 0);
  md_image_free(image);

  char* prompt = malloc(4001);
  memset(prompt, 'a', 4000);
  for (int i = 4; i < 4000; i += 5) prompt[i] = ' ';
  prompt[4000] = 0;
  image = draw(prompt, NULL);
  CHECK(md_image_prompt_truncated(image) == 1);
  md_image_free(image);
  free(prompt);
}

static void no_options_are_the_defaults(void) {
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  md_image* first = NULL;
  md_image* again = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_generate(pipeline, "two red boats", NULL, &first, &error));
  DONE(md_pipeline_generate(pipeline, "two red boats", &options, &again, &error));
  CHECK(same(first, again));
  CHECK(md_image_width(first) == md_pipeline_default_width(pipeline));
  CHECK(md_image_height(first) == md_pipeline_default_height(pipeline));
  md_image_free(again);
  md_image_free(first);
}

/* Our pixels are those that go to the caller's memory, and both are the C++ face's. */
static void one_picture_by_every_way(void) {
  md_generate_options options = with_seed(0);
  md_image* first = draw("two red boats", NULL);
  uint8_t* output = malloc(kBytes + 1);
  output[kBytes] = 77;
  options.output = output;
  options.output_bytes = kBytes;
  md_image* empty = draw("two red boats", &options);
  CHECK(md_image_pixels(empty) == NULL && md_image_pixel_bytes(empty) == 0 && md_image_width(empty) == kSide);
  CHECK(memcmp(output, md_image_pixels(first), kBytes) == 0 && output[kBytes] == 77);
  md_error* error = NULL;
  REFUSED(md_image_save(empty, "never-written.png", NULL, &error), MD_INVALID_ARGUMENT, "holds no pixels");

  /* They can be saved by an image made of them. */
  const md_pixels pixels = {output, kSide, kSide, MD_RGB};
  md_image* made = NULL;
  if (DONE(md_image_from_pixels(&pixels, md_image_provenance(empty), &made, &error))) {
    CHECK(same(made, first));
    CHECK_TEXT(md_provenance_prompt(md_image_provenance(made)), "two red boats");
  }
  md_image_free(made);
  md_image_free(empty);

  memset(output, 0, kBytes);
  CHECK(draw_by_the_cpp_face(DEFAULT_MODEL, "two red boats", kSide, output, kBytes));
  CHECK(memcmp(output, md_image_pixels(first), kBytes) == 0);

  options.output_bytes = kBytes - 1;
  refuse(&options, "output_bytes must be at least 49152, not 49151");
  free(output);
  md_image_free(first);
}

/* The less of the picture is made anew, the nearer it stays. */
static void begin_with(const md_image* plain) {
  md_generate_options options = with_seed(0);
  options.image.data = md_image_pixels(plain);
  options.image.width = options.image.height = kSide;
  if (!kComplete) {
    md_image* image = NULL;
    md_error* error = NULL;
    REFUSED(md_pipeline_generate(pipeline, "a boat", &options, &image, &error), MD_UNSUPPORTED, LEFT_OUT);
    return;
  }
  double distances[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    options.strength = i == 0 ? 0.1 : 0.9;
    md_image* other = draw("a house", &options);
    CHECK(md_image_stage_seconds(other, MD_STAGE_ENCODER) > 0);
    CHECK(md_provenance_strength(md_image_provenance(other)) == options.strength);
    for (int byte = 0; byte < kBytes && md_image_pixels(other) != NULL; ++byte)
      distances[i] += abs(md_image_pixels(other)[byte] - md_image_pixels(plain)[byte]);
    md_image_free(other);
  }
  CHECK(distances[0] > 0 && distances[0] < distances[1]);
  options.strength = 2;
  refuse(&options, "strength must be 0 to 1, not 2");
  options.strength = 0.5;
  options.image.width = 0;
  refuse(&options, "image must have");
  options.image.width = kSide;
  options.image.format = 5;
  refuse(&options, "image.format 5");
}

static void every_option_reaches_the_picture(void) {
  md_image* plain = draw("a boat", NULL);
  md_generate_options options = with_seed(1);
  md_image* other = draw("a boat", &options);
  CHECK(!same(plain, other));
  md_image_free(other);

  options = with_seed(0);
  options.noise = MD_NOISE_TORCH;
  other = draw("a boat", &options);
  CHECK(!same(plain, other));
  CHECK_TEXT(md_provenance_noise(md_image_provenance(other)), "torch");
  md_image_free(other);

  options = with_seed(0);
  options.steps = 2;
  options.guidance = 3;
  options.negative_prompt = "a house";
  options.sampler = "gan";
  other = draw("a boat", &options);
  CHECK(!same(plain, other));
  const md_provenance* made = md_image_provenance(other);
  CHECK(md_provenance_steps(made) == 2 && md_provenance_guidance(made) == 3);
  CHECK_TEXT(md_provenance_negative_prompt(made), "a house");
  md_image_free(other);

  options = with_seed(0);
  options.width = kSide / 2;
  options.format = MD_RGBA;
  other = draw("a boat", &options);
  CHECK(md_image_width(other) == kSide / 2 && md_image_height(other) == kSide && md_image_format(other) == MD_RGBA);
  CHECK(md_image_pixel_bytes(other) == (size_t)kSide / 2 * kSide * 4);
  if (md_image_pixels(other) != NULL) CHECK(md_image_pixels(other)[3] == 255);
  md_image_free(other);

  enum { kLatent = 8 * (kSide / 8) * (kSide / 8) };
  float* noise = malloc(kLatent * sizeof(float));
  for (int i = 0; i < kLatent; ++i) noise[i] = i % 2 == 0 ? 1.0f : -1.0f;
  options = with_seed(0);
  options.initial_noise = noise;
  options.initial_noise_count = kLatent;
  other = draw("a boat", &options);
  CHECK(!same(plain, other));
  md_image_free(other);
  options.initial_noise_count = kLatent - 1;
  refuse(&options, "initial_noise must have 2048 values");
  options.initial_noise_count = 0;
  refuse(&options, "initial_noise is not NULL, and initial_noise_count is 0");
  options.initial_noise = NULL;
  options.initial_noise_count = 3;
  refuse(&options, "initial_noise is NULL, and initial_noise_count is 3");
  free(noise);

  begin_with(plain);
  md_image_free(plain);
}

static void what_is_out_of_range_is_named(void) {
  md_generate_options options = with_seed(0);
  options.width = 100;
  refuse(&options, "width must be a multiple of");
  options = with_seed(0);
  options.height = -kSide;
  refuse(&options, "height must be a multiple of");
  options = with_seed(0);
  options.steps = -1;
  refuse(&options, "steps must be");
  options = with_seed(0);
  options.guidance = -2;
  refuse(&options, "guidance must be 0 to 100, not -2");
  options.guidance = NAN;
  refuse(&options, "guidance must be 0 to 100, not");
  options = with_seed(0);
  options.sampler = "brush";
  refuse(&options, "brush");
  options = with_seed(0);
  options.noise = 77;
  refuse(&options, "noise 77");
  options = with_seed(0);
  options.format = 77;
  refuse(&options, "format 77");
  options = with_seed(0);
  options.struct_size = 0;
  refuse(&options, "md_generate_options.struct_size");

  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, NULL, NULL, &image, &error), MD_INVALID_ARGUMENT, "prompt must not be NULL");
  REFUSED(md_pipeline_generate(pipeline, "a boat", NULL, NULL, &error), MD_INVALID_ARGUMENT, "image must not be NULL");
  REFUSED(md_pipeline_generate(pipeline, "\xff", NULL, &image, &error), MD_INVALID_ARGUMENT, "UTF-8");

  limit_allocations(0);
  const md_status status = md_pipeline_generate(pipeline, "a boat", NULL, &image, &error);
  limit_allocations(-1);
  REFUSED(status, MD_OUT_OF_MEMORY, "out of memory");
  CHECK(image == NULL);
}

struct calls {
  int stages[4]; /* calls by stage */
  int ended[4];  /* whether `done` reached `total` */
  int cancel_at; /* the call that cancels; 0: none */
  int count;
};

static int32_t count_calls(void* user_data, md_stage stage, int32_t done, int32_t total) {
  struct calls* calls = user_data;
  CHECK(stage >= 0 && stage < 4 && done >= 0 && done <= total);
  if (stage >= 0 && stage < 4) {
    ++calls->stages[stage];
    if (done == total) calls->ended[stage] = 1;
  }
  return ++calls->count == calls->cancel_at ? -1 : 0;
}

static void progress_is_told_and_may_cancel(void) {
  struct calls calls = {{0}, {0}, 0, 0};
  md_generate_options options = with_seed(3);
  options.progress = count_calls;
  options.progress_user_data = &calls;
  md_image* image = draw("a boat", &options);
  for (int stage = MD_STAGE_TEXT; stage <= MD_STAGE_DECODER; ++stage)
    CHECK(calls.stages[stage] > 0 && calls.ended[stage]);
  CHECK(calls.stages[MD_STAGE_ENCODER] == 0);

  const int calls_of_a_picture = calls.count;
  const int cancels[] = {1, calls_of_a_picture / 2, calls_of_a_picture - 1};
  for (int i = 0; i < 3; ++i) {
    calls.count = 0;
    calls.cancel_at = cancels[i];
    md_image* none = NULL;
    md_error* error = NULL;
    REFUSED(md_pipeline_generate(pipeline, "a boat", &options, &none, &error), MD_CANCELLED, "cancel");
    CHECK(none == NULL && calls.count == cancels[i]);
  }
  calls.count = calls.cancel_at = 0;
  md_image* again = draw("a boat", &options);
  CHECK(same(image, again));
  md_image_free(again);
  md_image_free(image);
}

static void* cancel_from_beside(void* user_data) {
  (void)user_data;
  md_pipeline_cancel(pipeline);
  return NULL;
}

/* Waits for a thread that cancels, and then goes on: it is not the callback's answer that stops the run. */
static int32_t have_it_cancelled(void* user_data, md_stage stage, int32_t done, int32_t total) {
  int* asked = user_data;
  (void)stage, (void)done, (void)total;
  if (++*asked > 1) return 0;
  pthread_t thread;
  if (!CHECK(pthread_create(&thread, NULL, cancel_from_beside, NULL) == 0)) return 0;
  CHECK(pthread_join(thread, NULL) == 0);
  return 0;
}

static void another_thread_may_cancel(void) {
  int asked = 0;
  md_generate_options options = with_seed(3);
  options.progress = have_it_cancelled;
  options.progress_user_data = &asked;
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, "a boat", &options, &image, &error), MD_CANCELLED, "cancel");
  CHECK(asked == 1 && image == NULL);
  md_pipeline_cancel(pipeline); /* nothing runs: nothing happens */
  md_image_free(draw("a boat", NULL));
}

struct turn {
  md_image* image;
  md_status status;
};

static void* draw_in_turn(void* user_data) {
  struct turn* turn = user_data;
  const md_generate_options options = with_seed(0);
  turn->status = md_pipeline_generate(pipeline, "a boat", &options, &turn->image, NULL);
  return NULL;
}

static void threads_wait_their_turn(void) {
  md_image* expected = draw("a boat", NULL);
  struct turn turns[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, draw_in_turn, &turns[i]) == 0);
  for (int i = 0; i < 3; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(turns[i].status == MD_OK && same(turns[i].image, expected));
    md_image_free(turns[i].image);
  }
  md_image_free(expected);
}

static void trimming_keeps_the_picture(void) {
  md_image* before = draw("a boat", NULL);
  md_pipeline_trim(pipeline);
  md_image* after = draw("a boat", NULL);
  CHECK(same(before, after));
  md_image_free(after);
  md_image_free(before);
}

struct begun {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int begun;
};

/* Tells that the run has begun, and then takes its time, so that it is the end of the pipeline that ends it. */
static int32_t tell_and_linger(void* user_data, md_stage stage, int32_t done, int32_t total) {
  struct begun* run = user_data;
  (void)stage, (void)done, (void)total;
  pthread_mutex_lock(&run->mutex);
  run->begun = 1;
  pthread_cond_signal(&run->changed);
  pthread_mutex_unlock(&run->mutex);
  const struct timespec moment = {0, 100 * 1000 * 1000};
  nanosleep(&moment, NULL);
  return 0;
}

static void* draw_until_the_end(void* user_data) {
  md_generate_options options = with_seed(3);
  options.progress = tell_and_linger;
  options.progress_user_data = user_data;
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline, "a boat", &options, &image, &error), MD_CANCELLED, "cancel");
  CHECK(image == NULL);
  return NULL;
}

/* Freeing it cancels what runs and waits for it. */
static void a_pipeline_may_be_freed_in_a_run(void) {
  struct begun run = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
  pthread_t thread;
  if (!CHECK(pthread_create(&thread, NULL, draw_until_the_end, &run) == 0)) return;
  pthread_mutex_lock(&run.mutex);
  while (!run.begun) pthread_cond_wait(&run.changed, &run.mutex);
  pthread_mutex_unlock(&run.mutex);
  md_pipeline_free(pipeline);
  CHECK(pthread_join(thread, NULL) == 0);
}

int main(void) {
  md_load_options options;
  md_load_options_init(&options, sizeof options);
  md_error* error = NULL;
  if (!DONE(md_pipeline_load(DEFAULT_MODEL, &options, &pipeline, &error))) return 1;
  the_pipeline_tells_of_itself();
  a_picture_and_what_it_says();
  no_options_are_the_defaults();
  one_picture_by_every_way();
  every_option_reaches_the_picture();
  what_is_out_of_range_is_named();
  progress_is_told_and_may_cancel();
  another_thread_may_cancel();
  threads_wait_their_turn();
  trimming_keeps_the_picture();
  a_pipeline_may_be_freed_in_a_run();
  return failures > 0;
}
