/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

/* On the calling thread, whose local reference `cancellation` is; NULL: it is never cancelled. */
static void pack(JNIEnv* env, jclass self, jbyteArray model, jbyteArray file, jint weights, jobjectArray lora_paths,
                 jfloatArray lora_weights, jbyteArray vae, jbyteArray program, jobject cancellation) {
  (void)self;
  md_pack_options options;
  md_pack_options_init(&options, sizeof options);
  char *model_text = NULL, *file_text = NULL, *vae_text = NULL, *program_text = NULL;
  Loras loras = {NULL, 0};
  md_error* error = NULL;
  if (text_of(env, model, &model_text) && text_of(env, file, &file_text) && text_of(env, vae, &vae_text) &&
      text_of(env, program, &program_text) && loras_of(env, lora_paths, lora_weights, &loras)) {
    options.weights = weights;
    options.loras = loras.loras;
    options.lora_count = loras.count;
    options.vae = vae_text;
    options.program = program_text;
    if (cancellation != NULL) {
      options.cancelled = call_cancelled;
      options.cancelled_user_data = cancellation;
    }
    md_pack(model_text, file_text, &options, &error);
  }
  free_loras(&loras);
  free(program_text);
  free(vae_text);
  free(file_text);
  free(model_text);
  if (error != NULL) throw_error(env, error);
}

static const JNINativeMethod kMethods[] = {
    {"pack", "([B[BI[[B[F[B[BLjava/lang/Object;)V", (void*)pack},
};
const Natives pack_natives = {kMethods, sizeof kMethods / sizeof *kMethods};
