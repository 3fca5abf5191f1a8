/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

/* Of an image, which keeps it. */
static jlong image_provenance(JNIEnv* env, jclass self, jlong image) {
  (void)env, (void)self;
  return handle_of(md_image_provenance(pointer_of(image)));
}

/* Of a file, for freeProvenance(). */
static jlong read_provenance(JNIEnv* env, jclass self, jbyteArray path) {
  (void)self;
  char* text;
  if (!text_of(env, path, &text)) return 0;
  md_provenance* provenance = NULL;
  md_error* error = NULL;
  md_provenance_read(text, &provenance, &error);
  free(text);
  if (error != NULL) throw_error(env, error);
  return handle_of(provenance);
}

static void free_provenance(JNIEnv* env, jclass self, jlong provenance) {
  (void)env, (void)self;
  md_provenance_free(pointer_of(provenance));
}

/* In this order: prompt, negative prompt, model, sampler, noise. */
static const char* text(const void* provenance, size_t index) {
  switch (index) {
    case 0:
      return md_provenance_prompt(provenance);
    case 1:
      return md_provenance_negative_prompt(provenance);
    case 2:
      return md_provenance_model(provenance);
    case 3:
      return md_provenance_sampler(provenance);
    default:
      return md_provenance_noise(provenance);
  }
}

static jobjectArray texts(JNIEnv* env, jclass self, jlong provenance) {
  (void)self;
  return texts_of(env, pointer_of(provenance), 5, text);
}

static const char* lora(const void* provenance, size_t index) { return md_provenance_lora(provenance, index); }

static jobjectArray loras(JNIEnv* env, jclass self, jlong provenance) {
  (void)self;
  return texts_of(env, pointer_of(provenance), md_provenance_lora_count(pointer_of(provenance)), lora);
}

static jlong seed(JNIEnv* env, jclass self, jlong provenance) {
  (void)env, (void)self;
  return (jlong)md_provenance_seed(pointer_of(provenance));
}

static jint steps(JNIEnv* env, jclass self, jlong provenance) {
  (void)env, (void)self;
  return md_provenance_steps(pointer_of(provenance));
}

static jfloat guidance(JNIEnv* env, jclass self, jlong provenance) {
  (void)env, (void)self;
  return md_provenance_guidance(pointer_of(provenance));
}

static jdouble strength(JNIEnv* env, jclass self, jlong provenance) {
  (void)env, (void)self;
  return md_provenance_strength(pointer_of(provenance));
}

static const JNINativeMethod kMethods[] = {
    {"imageProvenance", "(J)J", (void*)image_provenance},
    {"readProvenance", "([B)J", (void*)read_provenance},
    {"freeProvenance", "(J)V", (void*)free_provenance},
    {"provenanceTexts", "(J)[[B", (void*)texts},
    {"provenanceLoras", "(J)[[B", (void*)loras},
    {"provenanceSeed", "(J)J", (void*)seed},
    {"provenanceSteps", "(J)I", (void*)steps},
    {"provenanceGuidance", "(J)F", (void*)guidance},
    {"provenanceStrength", "(J)D", (void*)strength},
};
const Natives provenance_natives = {kMethods, sizeof kMethods / sizeof *kMethods};
