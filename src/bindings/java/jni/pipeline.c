/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <stdlib.h>

#include "src/bindings/java/jni/bridge.h"

/* A pipeline, and what must live as long. */
typedef struct Loaded {
  md_pipeline* pipeline;
  jobject callbacks; /* where log and filters are: a global reference or NULL */
  jobject buffer;    /* the direct buffer that the model is in; likewise */
  uint8_t* copied;   /* the model, where it came as a byte[] */
} Loaded;

static void free_loaded(JNIEnv* env, Loaded* loaded) {
  md_pipeline_free(loaded->pipeline);
  if (loaded->callbacks != NULL) (*env)->DeleteGlobalRef(env, loaded->callbacks);
  if (loaded->buffer != NULL) (*env)->DeleteGlobalRef(env, loaded->buffer);
  free(loaded->copied);
  free(loaded);
}

/* An object that is NULL is no reference to hold. */
static jboolean hold(JNIEnv* env, jobject object, jobject* reference) {
  if (object == NULL) return JNI_TRUE;
  *reference = (*env)->NewGlobalRef(env, object);
  if (*reference == NULL) throw_out_of_memory(env, "a reference for native code");
  return *reference != NULL;
}

/* What remains of a load when where the model comes from has been told: NULL with an exception pending. */
typedef struct Loading {
  md_load_options options;
  Loaded* loaded;
  Loras loras;
  char *cache_folder, *vae, *refused_words;
} Loading;

/* Of `which` of the callbacks there are, by the class Callbacks. */
enum { kNotes = 1, kPrompts = 2, kImages = 4 };

static jboolean begin_loading(JNIEnv* env, Loading* loading, jint threads, jint precision, jint memory, jint priority,
                              jobjectArray lora_paths, jfloatArray lora_weights, jbyteArray cache_folder,
                              jlong cache_bytes, jbyteArray vae, jbyteArray refused_words, jobject callbacks,
                              jint which) {
  md_load_options* options = &loading->options;
  md_load_options_init(options, sizeof *options);
  loading->loras = (Loras){NULL, 0};
  loading->cache_folder = loading->vae = loading->refused_words = NULL;
  loading->loaded = calloc(1, sizeof *loading->loaded);
  if (loading->loaded == NULL) {
    throw_out_of_memory(env, "a pipeline");
    return JNI_FALSE;
  }
  if (!hold(env, callbacks, &loading->loaded->callbacks) || !loras_of(env, lora_paths, lora_weights, &loading->loras) ||
      !text_of(env, cache_folder, &loading->cache_folder) || !text_of(env, vae, &loading->vae) ||
      !text_of(env, refused_words, &loading->refused_words))
    return JNI_FALSE;
  options->threads = threads;
  options->precision = precision;
  options->memory = memory;
  options->priority = priority;
  options->loras = loading->loras.loras;
  options->lora_count = loading->loras.count;
  options->cache_folder = loading->cache_folder;
  if (cache_bytes >= 0) options->cache_bytes = (uint64_t)cache_bytes;
  options->vae = loading->vae;
  options->refused_words = loading->refused_words;
  if (loading->loaded->callbacks != NULL) {
    options->log_user_data = options->prompt_filter_user_data = options->image_filter_user_data =
        loading->loaded->callbacks;
    if (which & kNotes) options->log = call_note;
    if (which & kPrompts) options->prompt_filter = call_prompt_filter;
    if (which & kImages) options->image_filter = call_image_filter;
  }
  return JNI_TRUE;
}

/* The handle for Java, or 0 with an exception pending. */
static jlong end_loading(JNIEnv* env, Loading* loading, md_error* error) {
  free_loras(&loading->loras);
  free(loading->cache_folder);
  free(loading->vae);
  free(loading->refused_words);
  if (error != NULL) throw_error(env, error);
  if (loading->loaded != NULL && loading->loaded->pipeline == NULL) {
    free_loaded(env, loading->loaded);
    loading->loaded = NULL;
  }
  return handle_of(loading->loaded);
}

/* The options as each load takes them, and as they are handed on. */
#define OPTIONS                                                                                                \
  jint threads, jint precision, jint memory, jint priority, jobjectArray lora_paths, jfloatArray lora_weights, \
      jbyteArray cache_folder, jlong cache_bytes, jbyteArray vae, jbyteArray refused_words, jobject callbacks, \
      jint which
#define THE_OPTIONS                                                                                              \
  threads, precision, memory, priority, lora_paths, lora_weights, cache_folder, cache_bytes, vae, refused_words, \
      callbacks, which
#define OPTIONS_SIGNATURE "IIII[[B[F[BJ[B[BLjava/lang/Object;I)J"

static jlong load_path(JNIEnv* env, jclass self, jbyteArray model, OPTIONS) {
  (void)self;
  Loading loading;
  md_error* error = NULL;
  char* path = NULL;
  if (begin_loading(env, &loading, THE_OPTIONS) && text_of(env, model, &path))
    md_pipeline_load(path, &loading.options, &loading.loaded->pipeline, &error);
  free(path);
  return end_loading(env, &loading, error);
}

static jlong load_descriptor(JNIEnv* env, jclass self, jint descriptor, jlong offset, jlong bytes, OPTIONS) {
  (void)self;
  Loading loading;
  md_error* error = NULL;
  if (begin_loading(env, &loading, THE_OPTIONS))
    md_pipeline_load_descriptor(descriptor, (uint64_t)offset, bytes < 0 ? MD_REST_OF_FILE : (uint64_t)bytes,
                                &loading.options, &loading.loaded->pipeline, &error);
  return end_loading(env, &loading, error);
}

static jlong load_buffer(JNIEnv* env, jclass self, jobject buffer, OPTIONS) {
  (void)self;
  Loading loading;
  md_error* error = NULL;
  if (begin_loading(env, &loading, THE_OPTIONS) && hold(env, buffer, &loading.loaded->buffer))
    md_pipeline_load_memory((*env)->GetDirectBufferAddress(env, buffer),
                            (size_t)(*env)->GetDirectBufferCapacity(env, buffer), &loading.options,
                            &loading.loaded->pipeline, &error);
  return end_loading(env, &loading, error);
}

static jlong load_bytes(JNIEnv* env, jclass self, jbyteArray model, jint offset, jint bytes, OPTIONS) {
  (void)self;
  Loading loading;
  md_error* error = NULL;
  if (begin_loading(env, &loading, THE_OPTIONS)) {
    loading.loaded->copied = malloc((size_t)bytes + 1);  // of no bytes too a pointer, so that they are refused as such
    if (loading.loaded->copied == NULL) {
      throw_out_of_memory(env, "a copy of the model");
    } else {
      (*env)->GetByteArrayRegion(env, model, offset, bytes, (jbyte*)loading.loaded->copied);
      md_pipeline_load_memory(loading.loaded->copied, (size_t)bytes, &loading.options, &loading.loaded->pipeline,
                              &error);
    }
  }
  return end_loading(env, &loading, error);
}

md_pipeline* pipeline_of(jlong handle) { return ((Loaded*)pointer_of(handle))->pipeline; }

static void free_pipeline(JNIEnv* env, jclass self, jlong handle) {
  (void)self;
  free_loaded(env, pointer_of(handle));
}

static void cancel_pipeline(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  md_pipeline_cancel(pipeline_of(handle));
}

static void trim_pipeline(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  md_pipeline_trim(pipeline_of(handle));
}

static jint default_width(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  return md_pipeline_default_width(pipeline_of(handle));
}

static jint default_height(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  return md_pipeline_default_height(pipeline_of(handle));
}

static jint size_multiple(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  return md_pipeline_size_multiple(pipeline_of(handle));
}

static jbyteArray model_name(JNIEnv* env, jclass self, jlong handle) {
  (void)self;
  return bytes_of(env, md_pipeline_model_name(pipeline_of(handle)));
}

static jdouble load_seconds(JNIEnv* env, jclass self, jlong handle) {
  (void)env, (void)self;
  return md_pipeline_load_seconds(pipeline_of(handle));
}

static jlong generate(JNIEnv* env, jclass self, jlong handle, jbyteArray prompt, DRAWING, jobject output, jobject run) {
  (void)self;
  char* prompt_text = NULL;
  Drawing drawing;
  md_image* image = NULL;
  md_error* error = NULL;
  jobject held = NULL;
  if (drawing_of(env, &drawing, THE_DRAWING) && text_of(env, prompt, &prompt_text) && hold(env, run, &held)) {
    if (output != NULL) {
      drawing.options.output = (*env)->GetDirectBufferAddress(env, output);
      drawing.options.output_bytes = (size_t)(*env)->GetDirectBufferCapacity(env, output);
    }
    if (held != NULL) {
      drawing.options.progress = call_progress;
      drawing.options.progress_user_data = held;
    }
    md_pipeline_generate(pipeline_of(handle), prompt_text, &drawing.options, &image, &error);
  }
  if (held != NULL) (*env)->DeleteGlobalRef(env, held);
  free(prompt_text);
  free_drawing(&drawing);
  if (error != NULL) throw_error(env, error);
  return handle_of(image);
}

static const JNINativeMethod kMethods[] = {
    {"loadPath", "([B" OPTIONS_SIGNATURE, (void*)load_path},
    {"loadDescriptor", "(IJJ" OPTIONS_SIGNATURE, (void*)load_descriptor},
    {"loadBuffer", "(Ljava/nio/ByteBuffer;" OPTIONS_SIGNATURE, (void*)load_buffer},
    {"loadBytes", "([BII" OPTIONS_SIGNATURE, (void*)load_bytes},
    {"freePipeline", "(J)V", (void*)free_pipeline},
    {"cancel", "(J)V", (void*)cancel_pipeline},
    {"trim", "(J)V", (void*)trim_pipeline},
    {"defaultWidth", "(J)I", (void*)default_width},
    {"defaultHeight", "(J)I", (void*)default_height},
    {"sizeMultiple", "(J)I", (void*)size_multiple},
    {"modelName", "(J)[B", (void*)model_name},
    {"loadSeconds", "(J)D", (void*)load_seconds},
    {"generate", "(J[B" DRAWING_SIGNATURE "Ljava/nio/ByteBuffer;Ljava/lang/Object;)J", (void*)generate},
};
const Natives pipeline_natives = {kMethods, sizeof kMethods / sizeof *kMethods};
