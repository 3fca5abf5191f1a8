/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
 *
 * The ABI's structs, byte by byte, where pointers have 8 of them: that this file compiles is the test. A line that has
 * to be changed is a broken program of somebody's. A field that is added gets a line, at the old size of its struct. */
#include "mobilediffusion/c.h"

#define LIES_AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)
#define IS_LARGE(type, size) _Static_assert(sizeof(type) == (size), #type)

#if UINTPTR_MAX == UINT64_MAX
LIES_AT(md_lora, path, 0);
LIES_AT(md_lora, weight, 8);
IS_LARGE(md_lora, 16);

LIES_AT(md_load_options, struct_size, 0);
LIES_AT(md_load_options, threads, 8);
LIES_AT(md_load_options, precision, 12);
LIES_AT(md_load_options, memory, 16);
LIES_AT(md_load_options, priority, 20);
LIES_AT(md_load_options, loras, 24);
LIES_AT(md_load_options, lora_count, 32);
LIES_AT(md_load_options, cache_folder, 40);
LIES_AT(md_load_options, cache_bytes, 48);
LIES_AT(md_load_options, vae, 56);
LIES_AT(md_load_options, thread_pool, 64);
LIES_AT(md_load_options, log, 72);
LIES_AT(md_load_options, log_user_data, 80);
LIES_AT(md_load_options, refused_words, 88); /* ABI 1's size */
LIES_AT(md_load_options, prompt_filter, 96);
LIES_AT(md_load_options, prompt_filter_user_data, 104);
LIES_AT(md_load_options, image_filter, 112);
LIES_AT(md_load_options, image_filter_user_data, 120);
IS_LARGE(md_load_options, 128); /* ABI 4 */

LIES_AT(md_pixels, data, 0);
LIES_AT(md_pixels, width, 8);
LIES_AT(md_pixels, height, 12);
LIES_AT(md_pixels, format, 16);
IS_LARGE(md_pixels, 24);

LIES_AT(md_generate_options, struct_size, 0);
LIES_AT(md_generate_options, seed, 8);
LIES_AT(md_generate_options, width, 16);
LIES_AT(md_generate_options, height, 20);
LIES_AT(md_generate_options, steps, 24);
LIES_AT(md_generate_options, guidance, 28);
LIES_AT(md_generate_options, negative_prompt, 32);
LIES_AT(md_generate_options, sampler, 40);
LIES_AT(md_generate_options, image, 48);
LIES_AT(md_generate_options, strength, 72);
LIES_AT(md_generate_options, initial_noise, 80);
LIES_AT(md_generate_options, initial_noise_count, 88);
LIES_AT(md_generate_options, noise, 96);
LIES_AT(md_generate_options, format, 100);
LIES_AT(md_generate_options, output, 104);
LIES_AT(md_generate_options, output_bytes, 112);
LIES_AT(md_generate_options, progress, 120);
LIES_AT(md_generate_options, progress_user_data, 128);
LIES_AT(md_generate_options, remember_text, 136); /* ABI 1's size */
IS_LARGE(md_generate_options, 144);               /* ABI 3 */

LIES_AT(md_save_options, struct_size, 0);
LIES_AT(md_save_options, metadata, 8);
LIES_AT(md_save_options, jpeg_quality, 12);
IS_LARGE(md_save_options, 16); /* ABI 1 */

LIES_AT(md_pack_options, struct_size, 0);
LIES_AT(md_pack_options, weights, 8);
LIES_AT(md_pack_options, loras, 16);
LIES_AT(md_pack_options, lora_count, 24);
LIES_AT(md_pack_options, vae, 32);
LIES_AT(md_pack_options, cancelled, 40);
LIES_AT(md_pack_options, cancelled_user_data, 48);
LIES_AT(md_pack_options, program, 56); /* ABI 1's size */
IS_LARGE(md_pack_options, 64);         /* ABI 2 */
#endif

int main(void) { return md_abi_version() == MD_ABI_VERSION ? 0 : 1; }
