/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * What JavaScript calls beside the functions of c.h: those that take options, with an argument for each, since only C
 * knows where a struct's fields lie. Their callbacks go to the functions `progress` and `note` of Emscripten's module. */
#include <emscripten.h>

#include "mobilediffusion/c.h"

/* True to go on. */
EM_JS(int32_t, call_progress, (int32_t stage, int32_t done, int32_t total), {
  return Module['progress'](stage, done, total);
})

EM_JS(void, call_note, (int32_t level, const char* message), { Module['note'](level, message >>> 0); })

static int32_t progress(void* user_data, md_stage stage, int32_t done, int32_t total) {
  (void)user_data;
  return !call_progress(stage, done, total);
}

static void note(void* user_data, md_log_level level, const char* message) {
  (void)user_data;
  call_note(level, message);
}

/* NULL and an error where it fails. */
EMSCRIPTEN_KEEPALIVE md_pipeline* bridge_load(const uint8_t* model, size_t bytes, int32_t threads,
                                              md_precision precision, md_memory_use memory, const char* refused_words,
                                              md_error** error) {
  md_load_options options;
  md_load_options_init(&options, sizeof options);
  options.threads = threads;
  options.precision = precision;
  options.memory = memory;
  options.refused_words = refused_words;
  options.log = note;
  md_pipeline* pipeline = NULL;
  md_pipeline_load_memory(model, bytes, &options, &pipeline, error);
  return pipeline;
}

/* A guidance that is negative is the model's own. Likewise. */
EMSCRIPTEN_KEEPALIVE md_image* bridge_generate(md_pipeline* pipeline, const char* prompt, uint64_t seed, int32_t width,
                                               int32_t height, int32_t steps, float guidance,
                                               const char* negative_prompt, const char* sampler, const uint8_t* image,
                                               int32_t image_width, int32_t image_height, double strength,
                                               md_noise noise, const float* initial_noise, size_t initial_noise_count,
                                               md_pixel_format format, int32_t remember_text, md_error** error) {
  md_generate_options options;
  md_generate_options_init(&options, sizeof options);
  options.seed = seed;
  options.width = width;
  options.height = height;
  options.steps = steps;
  options.guidance = guidance;
  options.negative_prompt = negative_prompt;
  options.sampler = sampler;
  options.image = (md_pixels){image, image_width, image_height, MD_RGBA};
  options.strength = strength;
  options.noise = noise;
  options.initial_noise = initial_noise;
  options.initial_noise_count = initial_noise_count;
  options.format = format;
  options.remember_text = remember_text;
  options.progress = progress;
  md_image* drawn = NULL;
  md_pipeline_generate(pipeline, prompt, &options, &drawn, error);
  return drawn;
}

EMSCRIPTEN_KEEPALIVE md_bytes* bridge_encode(const md_image* image, md_file_format format, int32_t metadata,
                                             int32_t jpeg_quality, md_error** error) {
  md_save_options options;
  md_save_options_init(&options, sizeof options);
  options.metadata = metadata;
  options.jpeg_quality = jpeg_quality;
  md_bytes* bytes = NULL;
  md_image_encode(image, format, &options, &bytes, error);
  return bytes;
}

/* The same with other pixels than the image's, RGBA of its size, which are lost. */
EMSCRIPTEN_KEEPALIVE md_bytes* bridge_encode_pixels(const md_image* image, uint8_t* pixels, md_file_format format,
                                                    int32_t metadata, int32_t jpeg_quality, md_error** error) {
  const md_pixels rgb = {pixels, md_image_width(image), md_image_height(image), MD_RGB};
  const size_t count = (size_t)rgb.width * (size_t)rgb.height;
  for (size_t i = 0; i < count; ++i) {
    for (size_t channel = 0; channel < 3; ++channel) pixels[3 * i + channel] = pixels[4 * i + channel];
  }
  md_image* filtered = NULL;
  if (md_image_from_pixels(&rgb, md_image_provenance(image), &filtered, error) != MD_OK) return NULL;
  md_bytes* const bytes = bridge_encode(filtered, format, metadata, jpeg_quality, error);
  md_image_free(filtered);
  return bytes;
}
