/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * What an app lets through. */
#include <stddef.h>
#include <stdint.h>

#include "tests/c/check.h"

typedef struct {
  int prompts, pictures;
  const char* refused_prompt;  /* NULL: none */
  const char* refused_picture; /* the reason; NULL: none */
  int paints;
} Rules;

static void ask_about_prompt(void* user_data, const char* prompt, md_refusal* refusal) {
  Rules* const rules = user_data;
  ++rules->prompts;
  if (rules->refused_prompt != NULL && strcmp(prompt, rules->refused_prompt) == 0) md_refuse(refusal, "not that");
}

static void ask_about_picture(void* user_data, const md_provenance* provenance, uint8_t* pixels, int32_t width,
                              int32_t height, md_pixel_format format, md_refusal* refusal) {
  Rules* const rules = user_data;
  ++rules->pictures;
  CHECK(strlen(md_provenance_prompt(provenance)) > 0);
  if (rules->paints) memset(pixels, 7, (size_t)width * (size_t)height * (size_t)format);
  if (rules->refused_picture != NULL) md_refuse(refusal, rules->refused_picture);
}

static md_pipeline* load(Rules* rules, const char* words) {
  md_load_options options;
  md_load_options_init(&options, sizeof options);
  options.refused_words = words;
  options.prompt_filter = ask_about_prompt;
  options.prompt_filter_user_data = rules;
  options.image_filter = ask_about_picture;
  options.image_filter_user_data = rules;
  md_pipeline* pipeline = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_load(NULL, &options, &pipeline, &error));
  return pipeline;
}

static void prompts_are_refused(void) {
  Rules rules = {.refused_prompt = "a green boat"};
  md_pipeline* const pipeline = load(&rules, "# nothing loud\nred\nblue house\n");
  md_image* image = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_generate(pipeline,
                               "a R\xc3\xa9"
                               "d boat",
                               NULL, &image, &error),
          MD_REFUSED, "the prompt has \"red\"");
  CHECK(image == NULL && rules.prompts == 0);
  REFUSED(md_pipeline_generate(pipeline, "a green boat", NULL, &image, &error), MD_REFUSED, "not that");
  CHECK(image == NULL && rules.prompts == 1 && rules.pictures == 0);
  DONE(md_pipeline_generate(pipeline, "a blue boat", NULL, &image, &error));
  CHECK(rules.prompts == 2 && rules.pictures == 1);
  md_image_free(image);
  md_pipeline_free(pipeline);

  md_load_options options;
  md_load_options_init(&options, sizeof options);
  options.refused_words = "\xff";
  md_pipeline* none = NULL;
  REFUSED(md_pipeline_load(NULL, &options, &none, &error), MD_INVALID_ARGUMENT, "line 1 of the list of refused words");
}

static void pictures_are_changed_or_refused(void) {
  Rules rules = {.paints = 1};
  md_pipeline* const pipeline = load(&rules, NULL);
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_generate(pipeline, "a red boat", NULL, &image, &error));
  for (size_t i = 0; i < md_image_pixel_bytes(image); ++i)
    if (!CHECK(md_image_pixels(image)[i] == 7)) break;
  const size_t bytes = md_image_pixel_bytes(image);
  md_image_free(image);

  uint8_t* const output = calloc(bytes, 1);
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.output = output;
  options.output_bytes = bytes;
  rules.refused_picture = "not this one";
  REFUSED(md_pipeline_generate(pipeline, "a red boat", &options, &image, &error), MD_REFUSED, "not this one");
  CHECK(image == NULL);
  for (size_t i = 0; i < bytes; ++i)
    if (!CHECK(output[i] == 0)) break;
  rules.refused_picture = NULL;
  DONE(md_pipeline_generate(pipeline, "a red boat", &options, &image, &error));
  CHECK(output[0] == 7 && output[bytes - 1] == 7);
  md_image_free(image);
  free(output);
  md_pipeline_free(pipeline);
}

static void count_refused(void* user_data, const char* prompt, uint64_t seed, double seconds, md_image* image,
                          const md_error* error) {
  (void)prompt, (void)seed, (void)seconds;
  if (md_error_status(error) == MD_REFUSED) ++*(int*)user_data;
  md_image_free(image);
}

static void live_sessions_are_filtered(void) {
  Rules rules = {0};
  int refused = 0;
  md_pipeline* const pipeline = load(&rules, "red");
  md_live* live = NULL;
  md_error* error = NULL;
  DONE(md_live_start(pipeline, NULL, count_refused, &refused, &live, &error));
  DONE(md_live_submit(live, "a re", &error));
  md_live_finish(live);
  CHECK(refused == 0 && rules.pictures == 1);
  DONE(md_live_submit(live, "a red", &error));
  md_live_finish(live);
  CHECK(refused == 1 && rules.pictures == 1);
  md_live_free(live);
  md_pipeline_free(pipeline);
}

/* As a program asks that was built when options were smaller. */
static void older_programs_have_no_filters(void) {
  md_load_options options;
  memset(&options, 0xa5, sizeof options);
  md_load_options_init(&options, offsetof(md_load_options, refused_words));
  md_pipeline* pipeline = NULL;
  md_image* image = NULL;
  md_error* error = NULL;
  DONE(md_pipeline_load(NULL, &options, &pipeline, &error));
  DONE(md_pipeline_generate(pipeline, "a red boat", NULL, &image, &error));
  md_image_free(image);
  md_pipeline_free(pipeline);
}

int main(void) {
  prompts_are_refused();
  pictures_are_changed_or_refused();
  live_sessions_are_filtered();
  older_programs_have_no_filters();
  return failures > 0;
}
