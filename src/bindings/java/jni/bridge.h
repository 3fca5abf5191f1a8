/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * What the files of the JNI library share. Java's side of all of it is the class Native.
 *
 * Strings cross as byte[] in UTF-8: JNI's own "modified UTF-8" has no character past U+FFFF and no NUL as others write
 * them. Handles cross as long. A function that fails leaves a Java exception pending and returns 0. */
#ifndef MOBILEDIFFUSION_BINDINGS_JAVA_JNI_BRIDGE_H_
#define MOBILEDIFFUSION_BINDINGS_JAVA_JNI_BRIDGE_H_

#include <jni.h>
#include <stdint.h>

#include "mobilediffusion/c.h"

/* ---- library.c ---- */

/* What there is to call in Java, found once: the class Native and its static methods. */
typedef struct Java {
  JavaVM* vm;
  jclass native;      /* a global reference */
  jclass bytes;       /* byte[], for arrays of strings; likewise */
  jmethodID failure;  /* Throwable failure(int status, byte[] message) */
  jmethodID progress; /* boolean progress(Object run, int stage, int done, int total) */
  jmethodID note;     /* void note(Object callbacks, int level, byte[] message) */
  jmethodID prompt;   /* byte[] filterPrompt(Object callbacks, byte[] prompt) */
  jmethodID image;    /* byte[] filterImage(Object callbacks, long provenance, byte[] pixels, int width, int height,
                         int format) */
  jmethodID picture;  /* void picture(Object run, byte[] prompt, long seed, double seconds, long image, int status,
                         byte[] message) */
  jmethodID asked;    /* boolean cancelled(Object cancellation) */
} Java;
extern Java java;

/* The natives of each file; library.c registers them. */
typedef struct Natives {
  const JNINativeMethod* methods;
  jint count;
} Natives;
extern const Natives pipeline_natives, live_natives, image_natives, provenance_natives, pack_natives;

/* Throws what Native.failure() makes of an error, and frees it. */
void throw_error(JNIEnv* env, md_error* error);
void throw_out_of_memory(JNIEnv* env, const char* what);

/* ---- values.c ---- */

static inline void* pointer_of(jlong handle) { return (void*)(intptr_t)handle; }
static inline jlong handle_of(const void* pointer) { return (jlong)(intptr_t)pointer; }

/* A copy of a string, for free(). False with an exception pending where memory is wanting. NULL gives NULL. */
jboolean text_of(JNIEnv* env, jbyteArray bytes, char** text);

/* A string, or bytes, as a new byte[]; NULL with an exception pending. */
jbyteArray bytes_of(JNIEnv* env, const char* text);
jbyteArray array_of(JNIEnv* env, const uint8_t* data, size_t bytes);

/* `count` strings of a handle as a new byte[][]; NULL with an exception pending. */
jobjectArray texts_of(JNIEnv* env, const void* handle, size_t count,
                      const char* (*text)(const void* handle, size_t index));

/* The LoRAs of parallel arrays, which are both NULL where there are none. False with an exception pending; either way
 * free_loras() takes what there is. */
typedef struct Loras {
  md_lora* loras;
  size_t count;
} Loras;
jboolean loras_of(JNIEnv* env, jobjectArray paths, jfloatArray weights, Loras* loras);
void free_loras(Loras* loras);

/* ---- generate_options.c ---- */

/* What a picture is drawn by, and the memory that it points at. */
typedef struct Drawing {
  md_generate_options options;
  char *negative_prompt, *sampler;
  uint8_t* pixels;
  float* noise;
} Drawing;

/* The options as Java gives them, and as they are handed on; a strength that is NaN is the library's own. */
#define DRAWING                                                                                                     \
  jlong seed, jint width, jint height, jint steps, jfloat guidance, jbyteArray negative_prompt, jbyteArray sampler, \
      jbyteArray pixels, jint pixels_width, jint pixels_height, jint pixels_format, jdouble strength,               \
      jfloatArray noise, jint noise_source, jint format
#define THE_DRAWING                                                                                                   \
  seed, width, height, steps, guidance, negative_prompt, sampler, pixels, pixels_width, pixels_height, pixels_format, \
      strength, noise, noise_source, format
#define DRAWING_SIGNATURE "JIIIF[B[B[BIIID[FII"

/* False with an exception pending; either way free_drawing() takes what there is. */
jboolean drawing_of(JNIEnv* env, Drawing* drawing, DRAWING);
void free_drawing(Drawing* drawing);

/* ---- pipeline.c ---- */

md_pipeline* pipeline_of(jlong handle);

/* ---- callbacks.c ---- */

/* user_data: a reference to the Java object that the static methods of Native get, valid as long as the callback may
 * come. The thread need not be Java's. Nothing is pending when they return: what Java could not catch cancels, and a
 * filter that could not be asked refuses. */
int32_t call_progress(void* user_data, md_stage stage, int32_t done, int32_t total);
void call_note(void* user_data, md_log_level level, const char* message);
void call_prompt_filter(void* user_data, const char* prompt, md_refusal* refusal);
void call_image_filter(void* user_data, const md_provenance* provenance, uint8_t* pixels, int32_t width, int32_t height,
                       md_pixel_format format, md_refusal* refusal);
void call_picture(void* user_data, const char* prompt, uint64_t seed, double seconds, md_image* image,
                  const md_error* error);
int32_t call_cancelled(void* user_data);

#endif /* MOBILEDIFFUSION_BINDINGS_JAVA_JNI_BRIDGE_H_ */
