/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * From the library into Java. The thread is the one that called, or one of the library's own (MD_BACKGROUND), which is
 * Java's for the length of the callback only: nobody would tell Java when such a thread ends. */
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

int32_t call_cancelled(void* user_data) {
  const Visit visit = visit_java();
  if (visit.env == NULL) return 1;
  const jboolean cancelled =
      (*visit.env)->CallStaticBooleanMethod(visit.env, java.native, java.asked, (jobject)user_data);
  return !leave_java(visit) || cancelled;
}
