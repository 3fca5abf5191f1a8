/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

static void free_image(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  md_image_free(pointer_of(image));
}

static jint width(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_width(pointer_of(image));
}

static jint height(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_height(pointer_of(image));
}

static jint format(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_format(pointer_of(image));
}

/* NULL, nothing pending, where they went to the caller's own memory. */
static jbyteArray pixels(JNIEnv* env, jclass self, jlong image) {
  (void)self;
  const uint8_t* data = md_image_pixels(pointer_of(image));
  return data == NULL ? NULL : array_of(env, data, md_image_pixel_bytes(pointer_of(image)));
}

static jdouble stage_seconds(JNIEnv* env, jclass self, jlong image, jint stage) {
  (void)env, (void)self;
  return md_image_stage_seconds(pointer_of(image), stage);
}

static jdouble total_seconds(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_total_seconds(pointer_of(image));
}

static jboolean prompt_truncated(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_prompt_truncated(pointer_of(image)) != 0;
}

static jint prompt_tokens(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return md_image_prompt_tokens(pointer_of(image));
}

static const char* unknown_word(const void* image, size_t index) { return md_image_unknown_word(image, index); }

static jobjectArray unknown_words(JNIEnv* env, jclass self, jlong image) {
  (void)self;
  return texts_of(env, pointer_of(image), md_image_unknown_word_count(pointer_of(image)), unknown_word);
}

static jlong handle_or_throw(JNIEnv* env, md_image* image, md_error* error) {
  if (error != NULL) throw_error(env, error);
  return handle_of(image);
}

/* `like`: an image whose provenance the new one gets, or 0. */
static jlong image_from_pixels(JNIEnv* env, jclass self, jbyteArray data, jint wide, jint high, jint layout,
                               jlong like) {
  (void)self;
  jbyte* const held = (*env)->GetByteArrayElements(env, data, NULL);
  if (held == NULL) return 0;
  const md_pixels all = {(const uint8_t*)held, wide, high, layout};
  md_image* image = NULL;
  md_error* error = NULL;
  md_image_from_pixels(&all, md_image_provenance(pointer_of(like)), &image, &error);
  (*env)->ReleaseByteArrayElements(env, data, held, JNI_ABORT);
  return handle_or_throw(env, image, error);
}

static jlong read_image(JNIEnv* env, jclass self, jbyteArray path) {
  (void)self;
  char* text;
  if (!text_of(env, path, &text)) return 0;
  md_image* image = NULL;
  md_error* error = NULL;
  md_image_read(text, &image, &error);
  free(text);
  return handle_or_throw(env, image, error);
}

static jlong decode_image(JNIEnv* env, jclass self, jbyteArray file) {
  (void)self;
  jbyte* const held = (*env)->GetByteArrayElements(env, file, NULL);
  if (held == NULL) return 0;
  md_image* image = NULL;
  md_error* error = NULL;
  md_image_decode((const uint8_t*)held, (size_t)(*env)->GetArrayLength(env, file), &image, &error);
  (*env)->ReleaseByteArrayElements(env, file, held, JNI_ABORT);
  return handle_or_throw(env, image, error);
}

/* A quality of the default where `quality_set` is false. */
static md_save_options save_options(jboolean metadata, jboolean quality_set, jint quality) {
  md_save_options options;
  md_save_options_init(&options, sizeof options);
  options.metadata = metadata;
  if (quality_set) options.jpeg_quality = quality;
  return options;
}

static void save_image(JNIEnv* env, jclass self, jlong image, jbyteArray path, jboolean metadata, jboolean quality_set,
                       jint quality) {
  (void)self;
  char* text;
  if (!text_of(env, path, &text)) return;
  const md_save_options options = save_options(metadata, quality_set, quality);
  md_error* error = NULL;
  md_image_save(pointer_of(image), text, &options, &error);
  free(text);
  if (error != NULL) throw_error(env, error);
}

static jbyteArray encode_image(JNIEnv* env, jclass self, jlong image, jint file_format, jboolean metadata,
                               jboolean quality_set, jint quality) {
  (void)self;
  const md_save_options options = save_options(metadata, quality_set, quality);
  md_bytes* bytes = NULL;
  md_error* error = NULL;
  md_image_encode(pointer_of(image), file_format, &options, &bytes, &error);
  if (error != NULL) return throw_error(env, error), NULL;
  const jbyteArray array = array_of(env, md_bytes_data(bytes), md_bytes_size(bytes));
  md_bytes_free(bytes);
  return array;
}

static const JNINativeMethod kMethods[] = {
    {"freeImage", "(J)V", (void*)free_image},
    {"width", "(J)I", (void*)width},
    {"height", "(J)I", (void*)height},
    {"format", "(J)I", (void*)format},
    {"pixels", "(J)[B", (void*)pixels},
    {"stageSeconds", "(JI)D", (void*)stage_seconds},
    {"totalSeconds", "(J)D", (void*)total_seconds},
    {"promptTruncated", "(J)Z", (void*)prompt_truncated},
    {"promptTokens", "(J)I", (void*)prompt_tokens},
    {"unknownWords", "(J)[[B", (void*)unknown_words},
    {"imageFromPixels", "([BIIIJ)J", (void*)image_from_pixels},
    {"readImage", "([B)J", (void*)read_image},
    {"decodeImage", "([B)J", (void*)decode_image},
    {"save", "(J[BZZI)V", (void*)save_image},
    {"encode", "(JIZZI)[B", (void*)encode_image},
};
const Natives image_natives = {kMethods, sizeof kMethods / sizeof *kMethods};
