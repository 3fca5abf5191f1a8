/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * From the library into Java. The thread is the one that called, or one of the library's own (MD_BACKGROUND), which is
 * Java's for the length of the callback only: nobody would tell Java when such a thread ends. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

typedef struct Visit {
  JNIEnv* env; /* NULL: Java has no room for the thread */
  jboolean attached;
} Visit;

static Visit visit_java(void) {
  Visit visit = {NULL, JNI_FALSE};
  if ((*java.vm)->GetEnv(java.vm, (void**)&visit.env, JNI_VERSION_1_6) == JNI_OK) return visit;
  JavaVMAttachArgs thread = {JNI_VERSION_1_6, (char*)"mobilediffusion", NULL};
#if defined(__ANDROID__)
  JNIEnv** const env = &visit.env;  // the one place where Android's jni.h differs
#else
  void** const env = (void**)&visit.env;
#endif
  visit.attached = (*java.vm)->AttachCurrentThreadAsDaemon(java.vm, env, &thread) == JNI_OK;
  if (!visit.attached) visit.env = NULL;
  return visit;
}

/* False where Java threw what it could not catch itself. */
static jboolean leave_java(Visit visit) {
  const jboolean threw = (*visit.env)->ExceptionCheck(visit.env);
  if (threw) (*visit.env)->ExceptionClear(visit.env);
  if (visit.attached) (*java.vm)->DetachCurrentThread(java.vm);
  return !threw;
}

int32_t call_progress(void* user_data, md_stage stage, int32_t done, int32_t total) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return 1;
  const jboolean goes_on =
      (*visit.env)
          ->CallStaticBooleanMethod(visit.env, java.native, java.progress, (jobject)user_data, stage, done, total);
  return !leave_java(visit) || !goes_on;
}

void call_note(void* user_data, md_log_level level, const char* message) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return;
  const jbyteArray bytes = bytes_of(visit.env, message);
  if (bytes != NULL) {
    (*visit.env)->CallStaticVoidMethod(visit.env, java.native, java.note, (jobject)user_data, level, bytes);
    (*visit.env)->DeleteLocalRef(visit.env, bytes);
  }
  leave_java(visit);
}

/* What a filter of Java's answered. Where it could not be asked, nothing passes. */
static void answer(JNIEnv* env, jbyteArray reason, md_refusal* refusal) {
  if ((*env)->ExceptionCheck(env)) return md_refuse(refusal, "the filter could not be asked");
  if (reason == NULL) return;
  char* text;
  if (!text_of(env, reason, &text)) return md_refuse(refusal, "the filter's reason is not known: out of memory");
  md_refuse(refusal, text);
  free(text);
  (*env)->DeleteLocalRef(env, reason);
}

void call_prompt_filter(void* user_data, const char* prompt, md_refusal* refusal) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return md_refuse(refusal, "the filter could not be asked");
  JNIEnv* const env = visit.env;
  const jbyteArray text = bytes_of(env, prompt);
  jbyteArray reason = NULL;
  if (text != NULL)
    reason = (jbyteArray)(*env)->CallStaticObjectMethod(env, java.native, java.prompt, (jobject)user_data, text);
  answer(env, reason, refusal);
  if (text != NULL) (*env)->DeleteLocalRef(env, text);
  leave_java(visit);
}

void call_image_filter(void* user_data, const md_provenance* provenance, uint8_t* pixels, int32_t width, int32_t height,
                       md_pixel_format format, md_refusal* refusal) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return md_refuse(refusal, "the filter could not be asked");
  JNIEnv* const env = visit.env;
  const jsize bytes =
      (jsize)width * height * format; /* a pixel count is 2^28 at most: array_of() refuses what is more */
  const jbyteArray array = array_of(env, pixels, (size_t)width * (size_t)height * (size_t)format);
  jbyteArray reason = NULL;
  if (array != NULL)
    reason = (jbyteArray)(*env)->CallStaticObjectMethod(env, java.native, java.image, (jobject)user_data,
                                                        handle_of(provenance), array, width, height, format);
  answer(env, reason, refusal);
  if (array != NULL) {
    if (!(*env)->ExceptionCheck(env)) (*env)->GetByteArrayRegion(env, array, 0, bytes, (jbyte*)pixels);
    (*env)->DeleteLocalRef(env, array);
  }
  leave_java(visit);
}

void call_picture(void* user_data, const char* prompt, uint64_t seed, double seconds, md_image* image,
                  const md_error* error) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return md_image_free(image);
  JNIEnv* const env = visit.env;
  const jbyteArray text = bytes_of(env, prompt);
  const jbyteArray message = text == NULL ? NULL : bytes_of(env, md_error_message(error));
  if (message == NULL) {
    md_image_free(image);
  } else {
    (*env)->CallStaticVoidMethod(env, java.native, java.picture, (jobject)user_data, text, (jlong)seed,
                                 (jdouble)seconds, handle_of(image), md_error_status(error), message);
  }
  if (message != NULL) (*env)->DeleteLocalRef(env, message);
  if (text != NULL) (*env)->DeleteLocalRef(env, text);
  leave_java(visit);
}

int32_t call_cancelled(void* user_data) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return 1;
  const jboolean cancelled =
      (*visit.env)->CallStaticBooleanMethod(visit.env, java.native, java.asked, (jobject)user_data);
  return !leave_java(visit) || cancelled;
}
