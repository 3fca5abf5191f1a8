/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Loading: which model, its options, LoRAs, and what is refused. */
#include <stdlib.h>

#include "tests/c/beside.h"
#include "tests/c/check.h"

#define LORA "c-load-test.safetensors"
#define CHANGED "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q" /* of the UNet, by that LoRA */

static md_load_options defaults(void) {
  md_load_options options;
  md_load_options_init(&options, sizeof options);
  return options;
}

static void refuse(const md_load_options* options, md_status expected, const char* saying) {
  md_pipeline* pipeline = NULL;
  md_error* error = NULL;
  REFUSED(md_pipeline_load(DEFAULT_MODEL, options, &pipeline, &error), expected, saying);
  CHECK(pipeline == NULL);
}

/* The picture that a model of these options draws: a small one. */
static md_image* draw(const char* model, const md_load_options* options) {
  md_generate_options small;
  md_generate_options_init(&small, sizeof small);
  small.width = small.height = 128;
  md_pipeline* pipeline = NULL;
  md_image* image = NULL;
  md_error* error = NULL;
  if (DONE(md_pipeline_load(model, options, &pipeline, &error)))
    DONE(md_pipeline_generate(pipeline, "a red boat", &small, &image, &error));
  md_pipeline_free(pipeline);
  return image;
}

static int same(const md_image* one, const md_image* other) {
  const size_t bytes = md_image_pixel_bytes(one);
  return bytes > 0 && bytes == md_image_pixel_bytes(other) &&
         memcmp(md_image_pixels(one), md_image_pixels(other), bytes) == 0;
}

static void note(void* user_data, md_log_level level, const char* message) {
  CHECK((level == MD_LOG_INFO || level == MD_LOG_WARNING) && strlen(message) > 0);
  ++*(int*)user_data;
}

/* MOBILEDIFFUSION_MODEL names the default here, as this test's environment says. */
static void options_and_the_default_model(void) {
  md_load_options options = defaults();
  options.threads = 2;
  md_image* plain = draw(DEFAULT_MODEL, NULL);
  md_image* by_default = draw(NULL, &options);
  CHECK(same(plain, by_default));
  md_image_free(by_default);

  options.priority = MD_BACKGROUND;
  md_image* patient = draw(NULL, &options);
  CHECK(same(plain, patient));
  md_image_free(patient);

  options.memory = MD_MEMORY_STREAM;
  md_image* streamed = draw(NULL, &options);
  CHECK(same(plain, streamed));
  md_image_free(streamed);

  options.precision = MD_INT8;
  md_image* coarse = draw(NULL, &options);
  options.precision = MD_FLOAT32;
  md_image* exact = draw(NULL, &options);
  CHECK(md_image_pixel_bytes(coarse) == md_image_pixel_bytes(plain) && !same(coarse, exact));
  CHECK(same(plain, coarse) || same(plain, exact)); /* as the model's weights are */
  md_image_free(coarse);
  md_image_free(exact);
  md_image_free(plain);
}

/* A cache folder that cannot be made is a note, and does no harm. */
static void notes_are_told(void) {
  int notes = 0;
  md_load_options options = defaults();
  options.cache_folder = DEFAULT_MODEL "/model_index.json/cache";
  options.log = note;
  options.log_user_data = &notes;
  md_image_free(draw(DEFAULT_MODEL, &options));
  CHECK(notes > 0);
  options.log = throwing_log;
  refuse(&options, MD_INTERNAL, "foreign throw");
}

static void what_is_wrong_is_named(void) {
  md_load_options options = defaults();
  options.threads = 257;
  refuse(&options, MD_INVALID_ARGUMENT, "threads must be 0 (one a core) to 256, not 257");
  options = defaults();
  options.precision = 77;
  refuse(&options, MD_INVALID_ARGUMENT, "precision 77");
  options = defaults();
  options.memory = -1;
  refuse(&options, MD_INVALID_ARGUMENT, "memory -1");
  options = defaults();
  options.priority = 2;
  refuse(&options, MD_INVALID_ARGUMENT, "priority 2");
  options = defaults();
  options.vae = "no-such-vae";
  refuse(&options, MD_NOT_FOUND, "no-such-vae");
  options = defaults();
  options.lora_count = 2;
  refuse(&options, MD_INVALID_ARGUMENT, "loras is NULL, and lora_count is 2");
  const md_lora nameless = {NULL, 1};
  options.loras = &nameless;
  options.lora_count = 1;
  refuse(&options, MD_INVALID_ARGUMENT, "loras[0].path must not be NULL");
  const md_lora missing = {"missing.safetensors", 1};
  options.loras = &missing;
  if (kComplete) {
    refuse(&options, MD_NOT_FOUND, "missing.safetensors");
  } else {
    refuse(&options, MD_UNSUPPORTED, LEFT_OUT);
  }
}

/* How wide that layer is, by the header of the UNet's file. */
static int changed_width(void) {
  size_t bytes = 0;
  char* content = (char*)read_whole(DEFAULT_MODEL "/unet/diffusion_pytorch_model.safetensors", &bytes);
  if (content == NULL) return 0;
  content[bytes - 1] = 0;
  const char* found = strstr(content + 8, "\"" CHANGED ".weight\"");
  if (found != NULL) found = strstr(found, "\"shape\"");
  const int width = found != NULL ? atoi(strchr(found, '[') + 1) : 0;
  free(content);
  return width;
}

/* Adds up * down to the queries of one layer, a safetensors file. */
static void write_lora(void) {
  const int width = changed_width();
  if (!CHECK(width > 0)) return;
  char header[512];
  const int length = snprintf(header, sizeof header,
                              "{\"unet." CHANGED ".lora_A.weight\":"
                              "{\"dtype\":\"F32\",\"shape\":[1,%d],\"data_offsets\":[0,%d]},"
                              "\"unet." CHANGED ".lora_B.weight\":"
                              "{\"dtype\":\"F32\",\"shape\":[%d,1],\"data_offsets\":[%d,%d]}}",
                              width, 4 * width, width, 4 * width, 8 * width);
  unsigned char size[8];
  for (int i = 0; i < 8; ++i) size[i] = (unsigned char)((uint64_t)length >> (8 * i));
  FILE* file = fopen(LORA, "wb");
  if (!CHECK(file != NULL)) return;
  CHECK(fwrite(size, 1, sizeof size, file) == sizeof size);
  CHECK(fwrite(header, 1, (size_t)length, file) == (size_t)length);
  for (int i = 0; i < 2 * width; ++i) {
    const float value = i % 3 == 0 ? 0.5f : -0.25f;
    CHECK(fwrite(&value, sizeof value, 1, file) == 1);
  }
  CHECK(fclose(file) == 0);
}

static void loras_are_added(void) {
  write_lora();
  const md_lora loras[] = {{LORA, 0.5f}, {LORA, 1}};
  md_load_options options = defaults();
  md_image* plain = draw(DEFAULT_MODEL, &options);
  options.loras = loras;
  options.lora_count = 2;
  md_image* changed = draw(DEFAULT_MODEL, &options);
  CHECK(md_image_pixel_bytes(changed) > 0 && !same(plain, changed));
  const md_provenance* made = md_image_provenance(changed);
  if (CHECK(md_provenance_lora_count(made) == 2)) {
    CHECK_TEXT(md_provenance_lora(made, 0), LORA ":0.5");
    CHECK_TEXT(md_provenance_lora(made, 1), LORA ":1");
  }
  CHECK_TEXT(md_provenance_lora(made, 2), "");
  md_image_free(changed);
  md_image_free(plain);
  CHECK(remove(LORA) == 0);
}

int main(void) {
  options_and_the_default_model();
  notes_are_told();
  what_is_wrong_is_named();
  if (kComplete) loras_are_added();
  return failures > 0;
}
