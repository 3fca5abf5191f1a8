/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * Loading and unloading: what Java and C must know of each other. A library and classes that do not belong together
 * fail here, by name, and not in the middle of a call. */
#include "src/bindings/java/jni/bridge.h"

#define NATIVE_CLASS "io/mobilediffusion/Native"

Java java;

static jbyteArray version(JNIEnv* env, jclass self) {
  (void)self;
  return bytes_of(env, md_version());
}

static jbyteArray xnnpack_version(JNIEnv* env, jclass self) {
  (void)self;
  return bytes_of(env, md_xnnpack_version());
}

static const JNINativeMethod kMethods[] = {
    {"version", "()[B", (void*)version},
    {"xnnpackVersion", "()[B", (void*)xnnpack_version},
};
static const Natives library_natives = {kMethods, sizeof kMethods / sizeof *kMethods};

static jclass find_class(JNIEnv* env, const char* name) {
  const jclass local = (*env)->FindClass(env, name);
  if (local == NULL) return NULL;
  const jclass global = (jclass)(*env)->NewGlobalRef(env, local);
  (*env)->DeleteLocalRef(env, local);
  return global;
}

static void forget_classes(JNIEnv* env) {
  if (java.native != NULL) (*env)->DeleteGlobalRef(env, java.native);
  if (java.bytes != NULL) (*env)->DeleteGlobalRef(env, java.bytes);
  java.native = java.bytes = NULL;
}

static jboolean find_methods(JNIEnv* env) {
  java.failure = (*env)->GetStaticMethodID(env, java.native, "failure", "(I[B)Ljava/lang/Throwable;");
  if (java.failure == NULL) return JNI_FALSE;
  java.progress = (*env)->GetStaticMethodID(env, java.native, "progress", "(Ljava/lang/Object;III)Z");
  if (java.progress == NULL) return JNI_FALSE;
  java.note = (*env)->GetStaticMethodID(env, java.native, "note", "(Ljava/lang/Object;I[B)V");
  if (java.note == NULL) return JNI_FALSE;
  java.prompt = (*env)->GetStaticMethodID(env, java.native, "filterPrompt", "(Ljava/lang/Object;[B)[B");
  if (java.prompt == NULL) return JNI_FALSE;
  java.image = (*env)->GetStaticMethodID(env, java.native, "filterImage", "(Ljava/lang/Object;J[BIII)[B");
  if (java.image == NULL) return JNI_FALSE;
  java.picture = (*env)->GetStaticMethodID(env, java.native, "picture", "(Ljava/lang/Object;[BJDJI[B)V");
  if (java.picture == NULL) return JNI_FALSE;
  java.asked = (*env)->GetStaticMethodID(env, java.native, "cancelled", "(Ljava/lang/Object;)Z");
  return java.asked != NULL;
}

static jboolean register_natives(JNIEnv* env) {
  const Natives* const all[] = {&library_natives, &pipeline_natives,   &live_natives,
                                &image_natives,   &provenance_natives, &pack_natives};
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
    if ((*env)->RegisterNatives(env, java.native, all[i]->methods, all[i]->count) != 0) return JNI_FALSE;
  return JNI_TRUE;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void* reserved) {
  (void)reserved;
  JNIEnv* env = NULL;
  if ((*vm)->GetEnv(vm, (void**)&env, JNI_VERSION_1_6) != JNI_OK) return JNI_ERR;
  java.vm = vm;
  java.native = find_class(env, NATIVE_CLASS);
  if (java.native != NULL) java.bytes = find_class(env, "[B");
  if (java.bytes != NULL && find_methods(env) && register_natives(env)) return JNI_VERSION_1_6;
  forget_classes(env);
  return JNI_ERR;  // the exception that is pending names what was not found
}

void throw_error(JNIEnv* env, md_error* error) {
  const jbyteArray message = bytes_of(env, md_error_message(error));
  const jint status = md_error_status(error);
  md_error_free(error);
  if (message == NULL) return;
  const jobject failure = (*env)->CallStaticObjectMethod(env, java.native, java.failure, status, message);
  if (!(*env)->ExceptionCheck(env)) (*env)->Throw(env, (jthrowable)failure);
}

void throw_out_of_memory(JNIEnv* env, const char* what) {
  const jclass error = (*env)->FindClass(env, "java/lang/OutOfMemoryError");
  if (error != NULL) (*env)->ThrowNew(env, error, what);
}
