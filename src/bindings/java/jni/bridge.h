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
  jmethodID note;     /* void note(Object notes, int level, byte[] message) */
  jmethodID asked;    /* boolean cancelled(Object cancellation) */
} Java;
extern Java java;

/* The natives of each file; library.c registers them. */
typedef struct Natives {
  const JNINativeMethod* methods;
  jint count;
} Natives;
extern const Natives pipeline_natives, image_natives, provenance_natives, pack_natives;

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

/* ---- callbacks.c ---- */

/* user_data: a reference to the Java object that the static methods of Native get, valid as long as the callback may
 * come. The thread need not be Java's. Nothing is pending when they return: what Java could not catch cancels. */
int32_t call_progress(void* user_data, md_stage stage, int32_t done, int32_t total);
void call_note(void* user_data, md_log_level level, const char* message);
int32_t call_cancelled(void* user_data);

#endif /* MOBILEDIFFUSION_BINDINGS_JAVA_JNI_BRIDGE_H_ */
