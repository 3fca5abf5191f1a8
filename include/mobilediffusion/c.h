/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * The library from C, and from every language that calls C. This is its only stable ABI: code that was compiled with
 * this header works with every later library, without being compiled again.
 *
 *   md_pipeline* pipeline = NULL;
 *   md_image* image = NULL;
 *   md_error* error = NULL;
 *   if (md_pipeline_load(NULL, NULL, &pipeline, &error) != MD_OK ||
 *       md_pipeline_generate(pipeline, "two red boats at sunset", NULL, &image, &error) != MD_OK ||
 *       md_image_save(image, "boats.png", NULL, &error) != MD_OK) {
 *     fprintf(stderr, "%s\n", md_error_message(error));
 *   }
 *   md_error_free(error);
 *   md_image_free(image);
 *   md_pipeline_free(pipeline);
 *
 * What a feature does is told where the C++ face declares it; here is what differs. The conventions, which each
 * declaration below keeps without saying so again:
 *
 * 1. Failing. A function that can fail returns an md_status, MD_OK (0) or what kind of thing went wrong, and takes an
 *    md_error** last. Where that is not NULL, a failure stores an error there, which the caller frees with
 *    md_error_free(), and success stores NULL; what was there before is neither read nor freed. An error is always
 *    stored, if memory for its message is wanting too. There is no last error to ask for and no global state. Nothing
 *    throws, prints or exits.
 * 2. Results come through a pointer to a pointer, which must not be NULL; a failure stores NULL there.
 * 3. Handles (md_pipeline, md_live, md_image, md_provenance, md_bytes, md_error) are opaque. What a function stores
 *    through a pointer to a pointer is the caller's and is freed once, by its md_..._free(), which takes NULL and does
 *    nothing then. What a function returns directly (const char*, const uint8_t*, const md_provenance*) belongs to the
 *    handle that was asked, and lives as long.
 * 4. NULL as a handle, a path, a prompt or bytes is MD_INVALID_ARGUMENT, with a message that names the argument.
 *    Functions that cannot fail answer NULL with 0, NULL or "", as each says; those that return void do nothing. As
 *    options, NULL is the defaults.
 * 5. Strings are UTF-8 and end with a NUL. The library copies what it is given, and never returns NULL for an empty
 *    string.
 * 6. Options are structs that begin with their own size. Fill one by its md_..._options_init(&options, sizeof options),
 *    which writes the defaults, then change what should differ. A smaller size, of a program built with an older
 *    header, gets defaults for the fields that it has not. A larger one, of a newer header, is taken as long as the
 *    bytes that this library does not know are zeros, which a newer header's init leaves there; else it is
 *    MD_INVALID_ARGUMENT. What their pointers name must stay valid during the call alone, unless a field says more.
 * 7. Enumerations are int32_t with named constants, so that their size is the same for every compiler. A value that is
 *    not listed is MD_INVALID_ARGUMENT. Truth is int32_t, 0 or not.
 * 8. Callbacks take the caller's pointer, user_data, first. They run during the call, on the thread that made it; of a
 *    pipeline in MD_BACKGROUND, on a thread of its own while that call waits. They must not throw, must not longjmp,
 *    and must not call into the same pipeline, md_pipeline_cancel() excepted. A live session's pictures are drawn by a
 *    thread of the session, which then makes those calls. An md_live_callback comes on it whenever a picture is there,
 *    and may call what it likes but md_live_finish() and md_live_free().
 * 9. Threads. A pipeline draws one picture at a time, further calls from other threads wait their turn, and
 *    md_pipeline_cancel() and md_pipeline_trim() may be called from any thread at any time. All other handles never
 *    change: any thread may ask them, several at once, and they are freed when no other call on them runs. Distinct
 *    handles share nothing.
 * 10. The ABI only grows: functions, constants and fields at the ends of options structs are added, none is changed or
 *    taken away. Each addition raises MD_ABI_VERSION by one. md_pixels and md_lora have no size in them and never
 *    change. The C++ face, in the same library, has no such promise: a shared library's soname has the minor version in
 *    it, and a program that should not depend on that loads the library at run time by its plain name.
 */
#ifndef MOBILEDIFFUSION_C_H_
#define MOBILEDIFFUSION_C_H_

#include <stddef.h>
#include <stdint.h>

#include "mobilediffusion/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions ---- */

/* The ABI that this header describes. */
#define MD_ABI_VERSION 5

/* The ABI that the library has: at least MD_ABI_VERSION, or the library is older than the header. */
MOBILEDIFFUSION_C_EXPORT uint32_t md_abi_version(void);

/* The library's version, "major.minor.patch", and the XNNPACK that it was built with. */
MOBILEDIFFUSION_C_EXPORT const char* md_version(void);
MOBILEDIFFUSION_C_EXPORT const char* md_xnnpack_version(void);

/* ---- Errors ---- */

typedef int32_t md_status;
enum {
  MD_OK = 0,
  MD_INVALID_ARGUMENT = 1, /* an option or an argument is out of its range: the caller's to fix */
  MD_NOT_FOUND = 2,        /* a file or a folder is missing */
  MD_INVALID_MODEL = 3,    /* a model's file is damaged, lies, or does not fit the others */
  MD_UNSUPPORTED = 4,      /* asks for something that this version or this machine cannot do */
  MD_OUT_OF_MEMORY = 5,
  MD_IO_ERROR = 6,   /* reading or writing failed: permissions, a full disk */
  MD_CANCELLED = 7,  /* md_pipeline_cancel() was called, or the progress callback asked for it */
  MD_NON_FINITE = 8, /* a NaN or an infinity came up; the message names the stage */
  MD_INTERNAL = 9,   /* a defect of the library: please report it */
  MD_INVALID_STATE = 10,
  MD_REFUSED = 11 /* a filter of md_load_options refused the prompt or the picture; since version 4 */
};

/* The code's name in words, for logs: "invalid argument"; "unknown" for one of a later version. */
MOBILEDIFFUSION_C_EXPORT const char* md_status_name(md_status status);

typedef struct md_error md_error;

/* The code that the failed function returned, and a line that names the thing, what was expected and what was found.
 * NULL: MD_OK and "". */
MOBILEDIFFUSION_C_EXPORT md_status md_error_status(const md_error* error);
MOBILEDIFFUSION_C_EXPORT const char* md_error_message(const md_error* error);
MOBILEDIFFUSION_C_EXPORT void md_error_free(md_error* error);

/* ---- Bytes that the library made ---- */

typedef struct md_bytes md_bytes;

/* NULL: NULL and 0. */
MOBILEDIFFUSION_C_EXPORT const uint8_t* md_bytes_data(const md_bytes* bytes);
MOBILEDIFFUSION_C_EXPORT size_t md_bytes_size(const md_bytes* bytes);
MOBILEDIFFUSION_C_EXPORT void md_bytes_free(md_bytes* bytes);

/* ---- Loading a model ---- */

typedef struct md_pipeline md_pipeline;

typedef int32_t md_log_level;
enum { MD_LOG_INFO = 0, MD_LOG_WARNING = 1 };

/* `message` lives during the call. */
typedef void (*md_log_callback)(void* user_data, md_log_level level, const char* message);

/* What the networks compute in; options.h of the C++ face says what each costs. */
typedef int32_t md_precision;
enum {
  MD_FLOAT32 = 0,
  MD_FLOAT16 = 1,
  MD_INT8 = 2,
  MD_PRECISION_OF_MODEL = 3 /* MD_INT8 where the model's weights are in 8 bits, else MD_FLOAT32; since version 5 */
};

/* What stays in memory between a picture's stages: all networks, or one at a time. */
typedef int32_t md_memory_use;
enum { MD_MEMORY_KEEP = 0, MD_MEMORY_STREAM = 1 };

/* A LoRA file, and how much of it is added: 0 nothing, 1 all. */
typedef struct md_lora {
  const char* path;
  float weight;
} md_lora;

/* How the work of a pipeline stands to other work on the machine: MD_BACKGROUND gives way, and may take much longer. */
typedef int32_t md_priority;
enum { MD_NORMAL = 0, MD_BACKGROUND = 1 };

struct pthreadpool; /* of the pthreadpool library, which XNNPACK comes with */

/* How the bytes of a pixel follow one another. Alpha is always 255. */
typedef int32_t md_pixel_format;
enum { MD_RGB = 3, MD_RGBA = 4 };

typedef struct md_provenance md_provenance;

/* What a filter answers to: md_refuse(), called while the filter runs, refuses, and a filter that does not call it lets
 * pass. The reason is copied, and becomes the message of MD_REFUSED. Of several the first counts. NULL as a reason is
 * "". Since version 4. */
typedef struct md_refusal md_refusal;
MOBILEDIFFUSION_C_EXPORT void md_refuse(md_refusal* refusal, const char* reason);

/* May refuse a prompt before any work is done. */
typedef void (*md_prompt_filter)(void* user_data, const char* prompt, md_refusal* refusal);

/* May refuse a picture before anyone has it, or change its pixels in place: rows from the top, no padding. All pointers
 * live during the call. */
typedef void (*md_image_filter)(void* user_data, const md_provenance* provenance, uint8_t* pixels, int32_t width,
                                int32_t height, md_pixel_format format, md_refusal* refusal);

typedef struct md_load_options {
  size_t struct_size;
  int32_t threads;                 /* 1 to 256; 0: one for every core that is worth it */
  md_precision precision;          /* MD_PRECISION_OF_MODEL; before version 5 MD_FLOAT32 */
  md_memory_use memory;            /* MD_MEMORY_KEEP */
  md_priority priority;            /* MD_NORMAL */
  const md_lora* loras;            /* added to the weights one after another; NULL: none */
  size_t lora_count;               /* 0 */
  const char* cache_folder;        /* for packed weights, made if it is missing; NULL or "": no cache */
  uint64_t cache_bytes;            /* what it may hold; 4 GiB */
  const char* vae;                 /* a folder with another autoencoder; NULL or "": the model's own */
  struct pthreadpool* thread_pool; /* the caller's, which must outlive the pipeline; NULL: one of its own */
  md_log_callback log;             /* called by load and generate with notes worth a log line; NULL: silence */
  void* log_user_data;             /* valid as long as the pipeline */

  /* What every picture of the pipeline has to pass, those of live sessions too (options.h). Since version 4 */
  const char* refused_words;      /* a list, a word or a phrase a line (filters.h); NULL or "": none */
  md_prompt_filter prompt_filter; /* asked about what passes the list; NULL: all of it may be drawn */
  void* prompt_filter_user_data;  /* valid as long as the pipeline */
  md_image_filter image_filter;   /* NULL: every picture is given as it was drawn */
  void* image_filter_user_data;   /* valid as long as the pipeline */
} md_load_options;

/* Writes the defaults and the size. Does nothing where `options` is NULL or `struct_size` smaller than a size_t. */
MOBILEDIFFUSION_C_EXPORT void md_load_options_init(md_load_options* options, size_t struct_size);

/* Loads a model folder or a packed model (md_pack()); NULL: the default model, which is sought by the environment
 * variable MOBILEDIFFUSION_MODEL, in the program (md_pack_options.program), beside it, in the installation's share
 * folder, and in the source tree that the library was built in. */
MOBILEDIFFUSION_C_EXPORT md_status md_pipeline_load(const char* model, const md_load_options* options,
                                                    md_pipeline** pipeline, md_error** error);

/* As `bytes`: all that follow. */
#define MD_REST_OF_FILE UINT64_MAX

/* Loads a packed model that is `bytes` bytes of an open regular file from `offset` on, which may be any: an asset that
 * an app's package keeps uncompressed, say. It is mapped, not read into memory. The descriptor stays the caller's, who
 * may close it when this returns; the file's bytes must stay as they are while the pipeline lives. */
MOBILEDIFFUSION_C_EXPORT md_status md_pipeline_load_descriptor(int descriptor, uint64_t offset, uint64_t bytes,
                                                               const md_load_options* options, md_pipeline** pipeline,
                                                               md_error** error);

/* Loads a packed model from the caller's memory, at any alignment, which must stay as it is while the pipeline lives.
 * No copy is made. */
MOBILEDIFFUSION_C_EXPORT md_status md_pipeline_load_memory(const uint8_t* model, size_t bytes,
                                                           const md_load_options* options, md_pipeline** pipeline,
                                                           md_error** error);

/* Cancels the calls on it that run or wait, and waits until they have left: who runs returns MD_CANCELLED, who waits
 * MD_INVALID_STATE. Not from such a call's own callback, nor beside a call that only begins. */
MOBILEDIFFUSION_C_EXPORT void md_pipeline_free(md_pipeline* pipeline);

/* The size, in pixels, of a picture when none is asked for, and what widths and heights must be multiples of. NULL: 0.
 */
MOBILEDIFFUSION_C_EXPORT int32_t md_pipeline_default_width(const md_pipeline* pipeline);
MOBILEDIFFUSION_C_EXPORT int32_t md_pipeline_default_height(const md_pipeline* pipeline);
MOBILEDIFFUSION_C_EXPORT int32_t md_pipeline_size_multiple(const md_pipeline* pipeline);

/* The model's name, as written into pictures. NULL: "". */
MOBILEDIFFUSION_C_EXPORT const char* md_pipeline_model_name(const md_pipeline* pipeline);

/* Seconds that loading took. NULL: 0. */
MOBILEDIFFUSION_C_EXPORT double md_pipeline_load_seconds(const md_pipeline* pipeline);

/* ---- Drawing ---- */

typedef struct md_image md_image;

/* A picture in the caller's memory: 8-bit sRGB, rows from the top, no padding. */
typedef struct md_pixels {
  const uint8_t* data; /* height * width * bytes of a pixel; NULL: none */
  int32_t width;
  int32_t height;
  md_pixel_format format;
} md_pixels;

/* Where a picture's noise comes from: portable, or PyTorch's on a CPU. */
typedef int32_t md_noise;
enum { MD_NOISE_PHILOX = 0, MD_NOISE_TORCH = 1 };

/* In order of their run, MD_STAGE_ENCODER first, where there is a picture to begin with. */
typedef int32_t md_stage;
enum { MD_STAGE_TEXT = 0, MD_STAGE_UNET = 1, MD_STAGE_DECODER = 2, MD_STAGE_ENCODER = 3 };

/* `done` of `total` parts of the stage are done. 0 goes on, anything else cancels. */
typedef int32_t (*md_progress_callback)(void* user_data, md_stage stage, int32_t done, int32_t total);

/* As `guidance`: what the model was made for. */
#define MD_GUIDANCE_OF_MODEL (-1.0f)

typedef struct md_generate_options {
  size_t struct_size;
  uint64_t seed;                 /* 0 */
  int32_t width;                 /* pixels, multiples of md_pipeline_size_multiple(); 0: what the model was made for */
  int32_t height;                /* likewise */
  int32_t steps;                 /* 1 to 1000; 0: as many as the model was made for */
  float guidance;                /* 0 to 100, 0 and 1 are off; MD_GUIDANCE_OF_MODEL */
  const char* negative_prompt;   /* NULL or "": none */
  const char* sampler;           /* by the names of options.h; NULL or "": the model's own */
  md_pixels image;               /* a picture to begin with, of any size; data NULL: begin with noise */
  double strength;               /* how much of that picture is made anew, 0 to 1; 0.6 */
  const float* initial_noise;    /* channel by channel, rows from the top; NULL: drawn by `noise` and `seed` */
  size_t initial_noise_count;    /* latent channels * (height/8) * (width/8) values; 0 without */
  md_noise noise;                /* MD_NOISE_PHILOX */
  md_pixel_format format;        /* MD_RGB */
  uint8_t* output;               /* where the pixels go, the caller's memory; NULL: the image owns them */
  size_t output_bytes;           /* its size; at least width * height * bytes of a pixel */
  md_progress_callback progress; /* called between operators; NULL: none */
  void* progress_user_data;
  int32_t remember_text; /* keeps what the text encoder answers to the last few prompts; 0. Since version 3 */
} md_generate_options;

MOBILEDIFFUSION_C_EXPORT void md_generate_options_init(md_generate_options* options, size_t struct_size);

/* Draws one picture. An empty prompt is legal, one too long is cut (md_image_prompt_truncated() says so). After an
 * error the pipeline can be used again. */
MOBILEDIFFUSION_C_EXPORT md_status md_pipeline_generate(md_pipeline* pipeline, const char* prompt,
                                                        const md_generate_options* options, md_image** image,
                                                        md_error** error);

/* Stops the md_pipeline_generate() that runs now, which returns MD_CANCELLED. Without one running, does nothing. */
MOBILEDIFFUSION_C_EXPORT void md_pipeline_cancel(md_pipeline* pipeline);

/* Gives back all memory that can be had again: the next picture takes as long as the first, and is the same. At the end
 * of what runs now, if anything does. The model's files must be there still. */
MOBILEDIFFUSION_C_EXPORT void md_pipeline_trim(md_pipeline* pipeline);

/* ---- Pictures that follow a prompt while it is being typed (live.h). Since version 3 ---- */

typedef struct md_live md_live;

/* What became of one prompt, of each that was not overtaken, in the order in which they were submitted. `image` is the
 * callee's, to be freed by md_image_free(); where there is none it is NULL, and `error`, which lives during the call,
 * says why. `seconds`: from md_live_submit() to here. The next picture is begun when this returns. */
typedef void (*md_live_callback)(void* user_data, const char* prompt, uint64_t seed, double seconds, md_image* image,
                                 const md_error* error);

/* `options` are every picture's: what `image.data` and `progress_user_data` name must stay valid while the session
 * lives, the rest is copied; `output` must be NULL. The pipeline must outlive the session, and others may draw with it
 * too. */
MOBILEDIFFUSION_C_EXPORT md_status md_live_start(md_pipeline* pipeline, const md_generate_options* options,
                                                 md_live_callback on_picture, void* user_data, md_live** live,
                                                 md_error** error);

/* Cancels what is drawn, waits until that and a callback that runs have ended, and ends the session. */
MOBILEDIFFUSION_C_EXPORT void md_live_free(md_live* live);

/* Asks for a prompt's picture, with the options' seed or with another, and returns at once. Of prompts that wait, the
 * newest is drawn; of what is drawn, the older is cancelled. Nothing happens where prompt and seed are those of the
 * last call, unless that one failed. From any threads. */
MOBILEDIFFUSION_C_EXPORT md_status md_live_submit(md_live* live, const char* prompt, md_error** error);
MOBILEDIFFUSION_C_EXPORT md_status md_live_submit_with_seed(md_live* live, const char* prompt, uint64_t seed,
                                                            md_error** error);

/* Waits until nothing waits or is drawn, and the last callback has returned. */
MOBILEDIFFUSION_C_EXPORT void md_live_finish(md_live* live);

/* ---- Pictures ---- */

MOBILEDIFFUSION_C_EXPORT void md_image_free(md_image* image);

/* In pixels. NULL: 0. */
MOBILEDIFFUSION_C_EXPORT int32_t md_image_width(const md_image* image);
MOBILEDIFFUSION_C_EXPORT int32_t md_image_height(const md_image* image);

/* NULL: 0. */
MOBILEDIFFUSION_C_EXPORT md_pixel_format md_image_format(const md_image* image);

/* The pixels, rows from the top, no padding, and their size in bytes. NULL and 0 where they went to the caller's own
 * memory, and for NULL. */
MOBILEDIFFUSION_C_EXPORT const uint8_t* md_image_pixels(const md_image* image);
MOBILEDIFFUSION_C_EXPORT size_t md_image_pixel_bytes(const md_image* image);

/* Wall-clock seconds of the call that drew it: of one stage, and of all. 0 for a stage that did not run or is not
 * listed, a picture that was not drawn, and NULL. */
MOBILEDIFFUSION_C_EXPORT double md_image_stage_seconds(const md_image* image, md_stage stage);
MOBILEDIFFUSION_C_EXPORT double md_image_total_seconds(const md_image* image);

/* Whether the prompt was longer than the text encoder reads, and was cut; its tokens in all, start and end not counted.
 * NULL: 0. */
MOBILEDIFFUSION_C_EXPORT int32_t md_image_prompt_truncated(const md_image* image);
MOBILEDIFFUSION_C_EXPORT int32_t md_image_prompt_tokens(const md_image* image);

/* The words of the prompt that a model of few words was never taught. An index past the last, and NULL: "". */
MOBILEDIFFUSION_C_EXPORT size_t md_image_unknown_word_count(const md_image* image);
MOBILEDIFFUSION_C_EXPORT const char* md_image_unknown_word(const md_image* image, size_t index);

/* How it was made; the image's own. NULL: NULL. */
MOBILEDIFFUSION_C_EXPORT const md_provenance* md_image_provenance(const md_image* image);

/* An image of the caller's pixels, which are copied, so that they can be saved: those that a picture was drawn into,
 * say, with that picture's provenance. NULL as provenance: an empty one. */
MOBILEDIFFUSION_C_EXPORT md_status md_image_from_pixels(const md_pixels* pixels, const md_provenance* provenance,
                                                        md_image** image, md_error** error);

/* Reads a PNG or a JPEG as MD_RGB, over white where it is transparent, turned the way its Exif orientation says. At
 * most 16384 pixels a side, 2^26 in all, 256 MiB of file. */
MOBILEDIFFUSION_C_EXPORT md_status md_image_read(const char* path, md_image** image, md_error** error);

/* The same of a file's bytes in memory, which are the caller's and not needed afterwards. */
MOBILEDIFFUSION_C_EXPORT md_status md_image_decode(const uint8_t* file, size_t bytes, md_image** image,
                                                   md_error** error);

typedef int32_t md_file_format;
enum { MD_PNG = 0, MD_JPEG = 1 };

typedef struct md_save_options {
  size_t struct_size;
  int32_t metadata;     /* writes how the picture was made, and the mark of AI-made pictures; 1 */
  int32_t jpeg_quality; /* 1 to 100; 95 */
} md_save_options;

MOBILEDIFFUSION_C_EXPORT void md_save_options_init(md_save_options* options, size_t struct_size);

/* Writes a PNG, or a JPEG where the path ends in .jpg or .jpeg. The file appears whole or not at all. An image whose
 * pixels went to the caller's memory has none to save: MD_INVALID_ARGUMENT. */
MOBILEDIFFUSION_C_EXPORT md_status md_image_save(const md_image* image, const char* path,
                                                 const md_save_options* options, md_error** error);

/* The same as bytes. */
MOBILEDIFFUSION_C_EXPORT md_status md_image_encode(const md_image* image, md_file_format format,
                                                   const md_save_options* options, md_bytes** bytes, md_error** error);

/* ---- How a picture was made ---- */

/* Reads back what md_image_save() wrote into a PNG or a JPEG; freed by md_provenance_free(). */
MOBILEDIFFUSION_C_EXPORT md_status md_provenance_read(const char* path, md_provenance** provenance, md_error** error);

/* Not for what md_image_provenance() returned, which is the image's. */
MOBILEDIFFUSION_C_EXPORT void md_provenance_free(md_provenance* provenance);

/* Strings: "" for NULL. */
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_prompt(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_negative_prompt(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_model(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_sampler(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_noise(const md_provenance* provenance);

/* Numbers: 0 for NULL. A guidance of 1 is off. */
MOBILEDIFFUSION_C_EXPORT uint64_t md_provenance_seed(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT int32_t md_provenance_steps(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT float md_provenance_guidance(const md_provenance* provenance);

/* The strength of the picture that it began with; negative where it began with noise, and for NULL. */
MOBILEDIFFUSION_C_EXPORT double md_provenance_strength(const md_provenance* provenance);

/* The LoRAs, "FILE:WEIGHT" each, without the file's folder. An index past the last, and NULL: "". */
MOBILEDIFFUSION_C_EXPORT size_t md_provenance_lora_count(const md_provenance* provenance);
MOBILEDIFFUSION_C_EXPORT const char* md_provenance_lora(const md_provenance* provenance, size_t index);

/* ---- Packing a model into one file ---- */

/* What the weights are stored in: the types that the model has them in; the large ones in 8 bits, for MD_INT8; those in
 * float32 in float16. */
typedef int32_t md_stored_weights;
enum { MD_STORED_AS_THEY_ARE = 0, MD_STORED_INT8 = 1, MD_STORED_FLOAT16 = 2 };

/* Asked between pieces of a few megabytes. 0 goes on, anything else gives up with MD_CANCELLED. */
typedef int32_t (*md_cancelled_callback)(void* user_data);

typedef struct md_pack_options {
  size_t struct_size;
  md_stored_weights weights;       /* MD_STORED_AS_THEY_ARE */
  const md_lora* loras;            /* added to the weights for good; NULL: none */
  size_t lora_count;               /* 0 */
  const char* vae;                 /* as md_load_options has it, in place of the model's own */
  md_cancelled_callback cancelled; /* NULL: never */
  void* cancelled_user_data;
  const char* program; /* of Linux or Windows, to put the model into, so that `file` is a program; NULL or "": none */
} md_pack_options;

MOBILEDIFFUSION_C_EXPORT void md_pack_options_init(md_pack_options* options, size_t struct_size);

/* Writes a model (a folder, or a packed one) to one file, ".mdiff" by custom, which appears whole or not at all, and
 * which md_pipeline_load() and its kin take. */
MOBILEDIFFUSION_C_EXPORT md_status md_pack(const char* model, const char* file, const md_pack_options* options,
                                           md_error** error);

#ifdef __cplusplus
}  // extern "C"
#endif

#endif /* MOBILEDIFFUSION_C_H_ */
