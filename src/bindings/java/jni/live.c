/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

/* A session, and what must live as long. */
typedef struct Live {
  md_live* live;
  jobject run; /* a global reference */
  Drawing drawing;
} Live;

static void free_all(JNIEnv* env, Live* live) {
  md_live_free(live->live);
  if (live->run != NULL) (*env)->DeleteGlobalRef(env, live->run);
  free_drawing(&live->drawing);
  free(live);
}

static jlong start(JNIEnv* env, jclass self, jlong pipeline, DRAWING, jobject run) {
  (void)self;
  Live* const live = calloc(1, sizeof *live);
  if (live == NULL) return throw_out_of_memory(env, "a live session"), 0;
  md_error* error = NULL;
  if (drawing_of(env, &live->drawing, THE_DRAWING)) {
    live->run = (*env)->NewGlobalRef(env, run);
    if (live->run == NULL) {
      throw_out_of_memory(env, "a reference for native code");
    } else {
      md_live_start(pipeline_of(pipeline), &live->drawing.options, call_picture, live->run, &live->live, &error);
    }
  }
  if (error != NULL) throw_error(env, error);
  if (live->live != NULL) return handle_of(live);
  free_all(env, live);
  return 0;
}

static void submit(JNIEnv* env, jclass self, jlong live, jbyteArray prompt, jlong seed) {
  (void)self;
  char* text;
  if (!text_of(env, prompt, &text)) return;
  md_error* error = NULL;
  md_live_submit_with_seed(((Live*)pointer_of(live))->live, text, (uint64_t)seed, &error);
  free(text);
  if (error != NULL) throw_error(env, error);
}

static void finish(JNIEnv* env, jclass self, jlong live) {
  (void)env, (void)self;
  md_live_finish(((Live*)pointer_of(live))->live);
}

static void free_live(JNIEnv* env, jclass self, jlong live) {
  (void)self;
  free_all(env, pointer_of(live));
}

static const JNINativeMethod kMethods[] = {
    {"startLive", "(J" DRAWING_SIGNATURE "Ljava/lang/Object;)J", (void*)start},
    {"submitLive", "(J[BJ)V", (void*)submit},
    {"finishLive", "(J)V", (void*)finish},
    {"freeLive", "(J)V", (void*)free_live},
};
const Natives live_natives = {kMethods, sizeof kMethods / sizeof *kMethods};
