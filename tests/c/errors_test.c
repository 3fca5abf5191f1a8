/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Versions, statuses, and NULL wherever it may be handed over. */
#include <stdlib.h>

#include "tests/c/beside.h"
#include "tests/c/check.h"

static void versions(void) {
  CHECK(md_abi_version() == MD_ABI_VERSION);
  CHECK_TEXT(md_version(), MOBILEDIFFUSION_VERSION);
  CHECK(strlen(md_xnnpack_version()) > 0);
}

static void statuses_have_names(void) {
  CHECK_TEXT(md_status_name(MD_OK), "ok");
  CHECK_TEXT(md_status_name(MD_INVALID_ARGUMENT), "invalid argument");
  CHECK_TEXT(md_status_name(MD_NOT_FOUND), "not found");
  CHECK_TEXT(md_status_name(MD_INVALID_MODEL), "invalid model");
  CHECK_TEXT(md_status_name(MD_UNSUPPORTED), "unsupported");
  CHECK_TEXT(md_status_name(MD_OUT_OF_MEMORY), "out of memory");
  CHECK_TEXT(md_status_name(MD_IO_ERROR), "input/output error");
  CHECK_TEXT(md_status_name(MD_CANCELLED), "cancelled");
  CHECK_TEXT(md_status_name(MD_NON_FINITE), "non-finite value");
  CHECK_TEXT(md_status_name(MD_INTERNAL), "internal error");
  CHECK_TEXT(md_status_name(MD_INVALID_STATE), "invalid state");
  CHECK_TEXT(md_status_name(MD_REFUSED), "refused");
  CHECK_TEXT(md_status_name(MD_REFUSED + 1), "unknown");
  CHECK_TEXT(md_status_name(-1), "unknown");
}

static void what_cannot_fail_answers_null(void) {
  CHECK(md_error_status(NULL) == MD_OK);
  CHECK_TEXT(md_error_message(NULL), "");
  CHECK(md_bytes_data(NULL) == NULL && md_bytes_size(NULL) == 0);
  CHECK(md_pipeline_default_width(NULL) == 0 && md_pipeline_default_height(NULL) == 0);
  CHECK(md_pipeline_size_multiple(NULL) == 0 && md_pipeline_load_seconds(NULL) == 0);
  CHECK_TEXT(md_pipeline_model_name(NULL), "");
  CHECK(md_image_width(NULL) == 0 && md_image_height(NULL) == 0 && md_image_format(NULL) == 0);
  CHECK(md_image_pixels(NULL) == NULL && md_image_pixel_bytes(NULL) == 0);
  CHECK(md_image_stage_seconds(NULL, MD_STAGE_UNET) == 0 && md_image_total_seconds(NULL) == 0);
  CHECK(md_image_prompt_truncated(NULL) == 0 && md_image_prompt_tokens(NULL) == 0);
  CHECK(md_image_unknown_word_count(NULL) == 0);
  CHECK_TEXT(md_image_unknown_word(NULL, 0), "");
  CHECK(md_image_provenance(NULL) == NULL);
  CHECK_TEXT(md_provenance_prompt(NULL), "");
  CHECK_TEXT(md_provenance_negative_prompt(NULL), "");
  CHECK_TEXT(md_provenance_model(NULL), "");
  CHECK_TEXT(md_provenance_sampler(NULL), "");
  CHECK_TEXT(md_provenance_noise(NULL), "");
  CHECK(md_provenance_seed(NULL) == 0 && md_provenance_steps(NULL) == 0 && md_provenance_guidance(NULL) == 0);
  CHECK(md_provenance_strength(NULL) < 0 && md_provenance_lora_count(NULL) == 0);
  CHECK_TEXT(md_provenance_lora(NULL, 0), "");
}

static void what_frees_or_stops_takes_null(void) {
  md_pipeline_cancel(NULL);
  md_pipeline_trim(NULL);
  md_refuse(NULL, "nothing");
  md_error_free(NULL);
  md_bytes_free(NULL);
  md_pipeline_free(NULL);
  md_image_free(NULL);
  md_provenance_free(NULL);
  md_load_options_init(NULL, sizeof(md_load_options));
  md_generate_options_init(NULL, sizeof(md_generate_options));
  md_save_options_init(NULL, sizeof(md_save_options));
  md_pack_options_init(NULL, sizeof(md_pack_options));
}

static void what_can_fail_names_the_null(void) {
  /* What a failure stores is NULL, whatever was there. */
  char somewhere = 0;
  md_pipeline* pipeline = (md_pipeline*)(void*)&somewhere;
  md_image* image = (md_image*)(void*)&somewhere;
  md_bytes* bytes = (md_bytes*)(void*)&somewhere;
  md_provenance* provenance = (md_provenance*)(void*)&somewhere;
  md_error* error = NULL;
  REFUSED(md_pipeline_load("/nowhere", NULL, NULL, &error), MD_INVALID_ARGUMENT, "pipeline must not be NULL");
  REFUSED(md_pipeline_load("/nowhere", NULL, &pipeline, &error), MD_NOT_FOUND, "/nowhere");
  CHECK(pipeline == NULL);
  REFUSED(md_pipeline_load_memory(NULL, 77, NULL, &pipeline, &error), MD_INVALID_ARGUMENT, "model must not be NULL");
  REFUSED(md_pipeline_load_memory((const uint8_t*)"", 0, NULL, NULL, &error), MD_INVALID_ARGUMENT,
          "pipeline must not be NULL");
  REFUSED(md_pipeline_load_descriptor(0, 0, 0, NULL, NULL, &error), MD_INVALID_ARGUMENT, "pipeline must not be NULL");
  REFUSED(md_pack(NULL, "never-written.mdiff", NULL, &error), MD_INVALID_ARGUMENT, "model must not be NULL");
  REFUSED(md_pack(DEFAULT_MODEL, NULL, NULL, &error), MD_INVALID_ARGUMENT, "file must not be NULL");
  REFUSED(md_pipeline_generate(NULL, "a boat", NULL, &image, &error), MD_INVALID_ARGUMENT, "pipeline must not be NULL");
  CHECK(image == NULL);
  REFUSED(md_image_from_pixels(NULL, NULL, &image, &error), MD_INVALID_ARGUMENT, "pixels must not be NULL");
  REFUSED(md_image_read(NULL, &image, &error), MD_INVALID_ARGUMENT, "path must not be NULL");
  REFUSED(md_image_read("/nowhere.png", NULL, &error), MD_INVALID_ARGUMENT, "image must not be NULL");
  REFUSED(md_image_save(NULL, "/nowhere.png", NULL, &error), MD_INVALID_ARGUMENT, "image must not be NULL");
  REFUSED(md_image_encode(NULL, MD_PNG, NULL, &bytes, &error), MD_INVALID_ARGUMENT, "image must not be NULL");
  CHECK(bytes == NULL);
  REFUSED(md_provenance_read(NULL, &provenance, &error), MD_INVALID_ARGUMENT, "path must not be NULL");
  CHECK(provenance == NULL);
  REFUSED(md_provenance_read("/nowhere.png", NULL, &error), MD_INVALID_ARGUMENT, "provenance must not be NULL");

  const uint8_t grey[3] = {128, 128, 128};
  const md_pixels pixels = {grey, 1, 1, MD_RGB};
  REFUSED(md_image_from_pixels(&pixels, NULL, NULL, &error), MD_INVALID_ARGUMENT, "image must not be NULL");
  if (!DONE(md_image_from_pixels(&pixels, NULL, &image, &error))) return;
  REFUSED(md_image_save(image, NULL, NULL, &error), MD_INVALID_ARGUMENT, "path must not be NULL");
  REFUSED(md_image_encode(image, MD_PNG, NULL, NULL, &error), MD_INVALID_ARGUMENT, "bytes must not be NULL");
  md_image_free(image);
}

/* The code comes without the error too, and success takes away the error that was there. */
static void errors_are_optional(void) {
  md_image* image = NULL;
  CHECK(md_image_read("/nowhere.png", &image, NULL) == MD_NOT_FOUND);
  const uint8_t grey[3] = {128, 128, 128};
  const md_pixels pixels = {grey, 1, 1, MD_RGB};
  char somewhere = 0;
  md_error* error = (md_error*)(void*)&somewhere;
  CHECK(md_image_from_pixels(&pixels, NULL, &image, &error) == MD_OK);
  CHECK(error == NULL);
  md_image_free(image);
}

/* Wherever memory runs out, that is what is said, even if there is none for the message. */
static void out_of_memory_is_a_status(void) {
  const uint8_t grey[3] = {128, 128, 128};
  const md_pixels pixels = {grey, 1, 1, MD_RGB};
  int refusals = 0;
  for (long left = 0;; ++left) {
    md_image* image = NULL;
    md_bytes* bytes = NULL;
    md_error* error = NULL;
    limit_allocations(left);
    md_status status = md_image_from_pixels(&pixels, NULL, &image, &error);
    if (status == MD_OK) status = md_image_encode(image, MD_PNG, NULL, &bytes, &error);
    limit_allocations(-1);
    CHECK((status == MD_OK) == (bytes != NULL));
    if (status != MD_OK) {
      REFUSED(status, MD_OUT_OF_MEMORY, "out of memory");
      ++refusals;
    }
    md_bytes_free(bytes);
    md_image_free(image);
    if (status == MD_OK || failures > 0) break;
  }
  CHECK(refusals > 3);

  const char* long_path = "/a/path/that/is/too/long/to/stand/within/a/string/without/memory/of/its/own";
  md_pipeline* pipeline = NULL;
  md_provenance* provenance = NULL;
  md_image* image = NULL;
  md_error* error = NULL;
  limit_allocations(0);
  const md_status loaded = md_pipeline_load(long_path, NULL, &pipeline, NULL);
  const md_status told = md_provenance_read(long_path, &provenance, NULL);
  const md_status read = md_image_read(long_path, &image, &error);
  limit_allocations(-1);
  CHECK(loaded == MD_OUT_OF_MEMORY && pipeline == NULL);
  CHECK(told == MD_OUT_OF_MEMORY && provenance == NULL);
  REFUSED(read, MD_OUT_OF_MEMORY, "out of memory");
  CHECK(image == NULL);

  /* An error without memory for its message. */
  limit_allocations(0);
  const md_status argument = md_image_read(NULL, &image, &error);
  limit_allocations(-1);
  REFUSED(argument, MD_OUT_OF_MEMORY, "out of memory");
}

int main(void) {
  versions();
  statuses_have_names();
  what_cannot_fail_answers_null();
  what_frees_or_stops_takes_null();
  what_can_fail_names_the_null();
  errors_are_optional();
  out_of_memory_is_a_status();
  return failures > 0;
}
