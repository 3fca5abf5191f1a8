// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <string>

#include "src/c/options.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

Result<GenerateOptions> generate_options_of(const md_generate_options* given) {
  const auto opened = SizedOptions<md_generate_options>::open(given, "md_generate_options");
  if (!opened.ok()) return opened.status();
  GenerateOptions options;
  opened->read(&md_generate_options::seed, options.seed);
  opened->read(&md_generate_options::width, options.width);
  opened->read(&md_generate_options::height, options.height);
  opened->read(&md_generate_options::steps, options.steps);
  opened->read(&md_generate_options::negative_prompt, options.negative_prompt);
  opened->read(&md_generate_options::sampler, options.sampler);
  opened->read(&md_generate_options::strength, options.strength);
  opened->read(&md_generate_options::noise, options.noise);
  opened->read(&md_generate_options::format, options.format);
  opened->read(&md_generate_options::output, options.output);
  opened->read(&md_generate_options::output_bytes, options.output_bytes);
  int32_t remember_text = 0;
  opened->read(&md_generate_options::remember_text, remember_text);
  options.remember_text = remember_text != 0;

  float guidance = MD_GUIDANCE_OF_MODEL;
  opened->read(&md_generate_options::guidance, guidance);
  if (guidance != MD_GUIDANCE_OF_MODEL) options.guidance = guidance;

  md_pixels image = {};
  opened->read(&md_generate_options::image, image);
  if (image.data != nullptr) options.image = pixels_of(image);

  const float* noise = nullptr;
  size_t count = 0;
  opened->read(&md_generate_options::initial_noise, noise);
  opened->read(&md_generate_options::initial_noise_count, count);
  if ((noise == nullptr) != (count == 0)) {
    return Status(StatusCode::kInvalidArgument, std::string("initial_noise is ") + (noise == nullptr ? "" : "not ") +
                                                    "NULL, and initial_noise_count is " + std::to_string(count));
  }
  options.initial_noise.assign(noise, noise + count);

  md_progress_callback progress = nullptr;
  void* user_data = nullptr;
  opened->read(&md_generate_options::progress, progress);
  opened->read(&md_generate_options::progress_user_data, user_data);
  if (progress != nullptr) {
    options.progress = [progress, user_data](Stage stage, int done, int total) {
      return progress(user_data, static_cast<md_stage>(stage), done, total) == 0;
    };
  }
  return options;
}

}  // namespace mobilediffusion::c

void md_generate_options_init(md_generate_options* options, size_t struct_size) {
  const mobilediffusion::GenerateOptions defaults;
  md_generate_options written = {};
  written.seed = defaults.seed;
  written.guidance = MD_GUIDANCE_OF_MODEL;
  written.image.format = static_cast<md_pixel_format>(defaults.image.format);
  written.strength = defaults.strength;
  written.noise = static_cast<md_noise>(defaults.noise);
  written.format = static_cast<md_pixel_format>(defaults.format);
  mobilediffusion::c::init_options(options, struct_size, written);
}
