/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <math.h>
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

/* Copies, not the arrays themselves: a picture may take seconds, and a live session is not over when its call is. */
static jboolean copy_pixels(JNIEnv* env, jbyteArray array, uint8_t** copy) {
  *copy = NULL;
  if (array == NULL) return JNI_TRUE;
  const jsize count = (*env)->GetArrayLength(env, array);
  *copy = malloc((size_t)count + 1);
  if (*copy == NULL) return throw_out_of_memory(env, "a copy of the pixels"), JNI_FALSE;
  (*env)->GetByteArrayRegion(env, array, 0, count, (jbyte*)*copy);
  return JNI_TRUE;
}

static jboolean copy_noise(JNIEnv* env, jfloatArray array, float** copy, size_t* count) {
  *copy = NULL;
  *count = 0;
  if (array == NULL) return JNI_TRUE;
  *count = (size_t)(*env)->GetArrayLength(env, array);
  *copy = malloc((*count + 1) * sizeof **copy);
  if (*copy == NULL) return throw_out_of_memory(env, "a copy of the noise"), JNI_FALSE;
  (*env)->GetFloatArrayRegion(env, array, 0, (jsize)*count, *copy);
  return JNI_TRUE;
}

jboolean drawing_of(JNIEnv* env, Drawing* drawing, DRAWING) {
  md_generate_options* const options = &drawing->options;
  md_generate_options_init(options, sizeof *options);
  options->seed = (uint64_t)seed;
  options->width = width;
  options->height = height;
  options->steps = steps;
  options->guidance = guidance;
  options->noise = noise_source;
  options->format = format;
  if (!isnan(strength)) options->strength = strength;
  drawing->negative_prompt = drawing->sampler = NULL;
  drawing->pixels = NULL;
  drawing->noise = NULL;
  if (!text_of(env, negative_prompt, &drawing->negative_prompt) || !text_of(env, sampler, &drawing->sampler) ||
      !copy_pixels(env, pixels, &drawing->pixels) ||
      !copy_noise(env, noise, &drawing->noise, &options->initial_noise_count))
    return JNI_FALSE;
  options->negative_prompt = drawing->negative_prompt;
  options->sampler = drawing->sampler;
  options->image = (md_pixels){drawing->pixels, pixels_width, pixels_height, pixels_format};
  options->initial_noise = drawing->noise;
  return JNI_TRUE;
}

void free_drawing(Drawing* drawing) {
  free(drawing->noise);
  free(drawing->pixels);
  free(drawing->sampler);
  free(drawing->negative_prompt);
}
