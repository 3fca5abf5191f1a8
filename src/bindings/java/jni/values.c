/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>
#include <string.h>

#include "src/bindings/java/jni/bridge.h"

jboolean text_of(JNIEnv* env, jbyteArray bytes, char** text) {
  *text = NULL;
  if (bytes == NULL) return JNI_TRUE;
  const jsize length = (*env)->GetArrayLength(env, bytes);
  *text = malloc((size_t)length + 1);
  if (*text == NULL) {
    throw_out_of_memory(env, "a string for native code");
    return JNI_FALSE;
  }
  (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte*)*text);
  (*text)[length] = '\0';
  return JNI_TRUE;
}

jbyteArray array_of(JNIEnv* env, const uint8_t* data, size_t bytes) {
  if (bytes > INT32_MAX) {
    throw_out_of_memory(env, "more bytes than a byte[] holds");
    return NULL;
  }
  const jbyteArray array = (*env)->NewByteArray(env, (jsize)bytes);
  if (array != NULL) (*env)->SetByteArrayRegion(env, array, 0, (jsize)bytes, (const jbyte*)data);
  return array;
}

jbyteArray bytes_of(JNIEnv* env, const char* text) { return array_of(env, (const uint8_t*)text, strlen(text)); }

jobjectArray texts_of(JNIEnv* env, const void* handle, size_t count,
                      const char* (*text)(const void* handle, size_t index)) {
  const jobjectArray array = (*env)->NewObjectArray(env, (jsize)count, java.bytes, NULL);
  for (size_t i = 0; array != NULL && i < count; ++i) {
    const jbyteArray element = bytes_of(env, text(handle, i));
    if (element == NULL) return NULL;
    (*env)->SetObjectArrayElement(env, array, (jsize)i, element);
    (*env)->DeleteLocalRef(env, element);
  }
  return array;
}

jboolean loras_of(JNIEnv* env, jobjectArray paths, jfloatArray weights, Loras* loras) {
  loras->loras = NULL;
  loras->count = 0;
  if (paths == NULL) return JNI_TRUE;
  const jsize count = (*env)->GetArrayLength(env, paths);
  loras->loras = calloc((size_t)count + 1, sizeof *loras->loras);
  if (loras->loras == NULL) {
    throw_out_of_memory(env, "LoRAs for native code");
    return JNI_FALSE;
  }
  for (jsize i = 0; i < count; ++i) {
    const jbyteArray path = (jbyteArray)(*env)->GetObjectArrayElement(env, paths, i);
    char* text;
    if (!text_of(env, path, &text)) return JNI_FALSE;
    (*env)->DeleteLocalRef(env, path);
    loras->loras[i].path = text;
    (*env)->GetFloatArrayRegion(env, weights, i, 1, &loras->loras[i].weight);
    ++loras->count;
  }
  return JNI_TRUE;
}

void free_loras(Loras* loras) {
  for (size_t i = 0; i < loras->count; ++i) free((char*)loras->loras[i].path);
  free(loras->loras);
}
