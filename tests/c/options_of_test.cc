// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every field of c.h's options reaches its place in the C++ face's.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/c/options.h"

namespace mobilediffusion::c {
namespace {

TEST(COptions, OfLoading) {
  const md_lora loras[] = {{"a.safetensors", 0.5f}, {"b.safetensors", -1.0f}};
  std::vector<std::string> notes;
  md_load_options given;
  md_load_options_init(&given, sizeof given);
  given.threads = 3;
  given.precision = MD_FLOAT16;
  given.memory = MD_MEMORY_STREAM;
  given.priority = MD_BACKGROUND;
  given.loras = loras;
  given.lora_count = 2;
  given.cache_folder = "cache";
  given.cache_bytes = uint64_t{5} << 40;
  given.vae = "tiny";
  given.thread_pool = reinterpret_cast<pthreadpool*>(&notes);
  given.log = [](void* user_data, md_log_level level, const char* message) {
    static_cast<std::vector<std::string>*>(user_data)->push_back(std::to_string(level) + message);
  };
  given.log_user_data = &notes;
  const auto options = load_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->threads, 3);
  EXPECT_EQ(options->precision, Precision::kFloat16);
  EXPECT_EQ(options->memory, MemoryUse::kStream);
  EXPECT_EQ(options->priority, Priority::kBackground);
  ASSERT_EQ(options->loras.size(), 2u);
  EXPECT_EQ(options->loras[1].path, "b.safetensors");
  EXPECT_EQ(options->loras[1].weight, -1.0f);
  EXPECT_EQ(options->cache_folder, "cache");
  EXPECT_EQ(options->cache_bytes, given.cache_bytes);
  EXPECT_EQ(options->vae, "tiny");
  EXPECT_EQ(options->thread_pool, given.thread_pool);
  options->log(LogLevel::kWarning, std::string_view("a note, cut", 6));
  EXPECT_EQ(notes, std::vector<std::string>{"1a note"});
  EXPECT_FALSE(options->prompt_filter);
  EXPECT_FALSE(options->image_filter);
}

TEST(COptions, OfFiltering) {
  std::vector<std::string> asked;
  md_load_options given;
  md_load_options_init(&given, sizeof given);
  given.prompt_filter = [](void* user_data, const char* prompt, md_refusal* refusal) {
    static_cast<std::vector<std::string>*>(user_data)->push_back(prompt);
    if (std::string(prompt) == "no") md_refuse(refusal, "first"), md_refuse(refusal, "second");
    if (std::string(prompt) == "null") md_refuse(refusal, nullptr);
  };
  given.prompt_filter_user_data = &asked;
  given.image_filter = [](void* user_data, const md_provenance* provenance, uint8_t* pixels, int32_t width,
                          int32_t height, md_pixel_format format, md_refusal* refusal) {
    static_cast<std::vector<std::string>*>(user_data)->push_back(md_provenance_prompt(provenance));
    pixels[0] = static_cast<uint8_t>(100 * width + 10 * height + format);
    if (md_provenance_seed(provenance) == 1) md_refuse(refusal, "not this one");
  };
  given.image_filter_user_data = &asked;
  auto options = load_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->prompt_filter(std::string_view("yes, cut", 3)), std::nullopt);
  EXPECT_EQ(options->prompt_filter("no"), "first");
  EXPECT_EQ(options->prompt_filter("null"), "");
  uint8_t pixels[6] = {};
  const MutablePixels picture = {.data = pixels, .width = 1, .height = 2, .format = PixelFormat::kRgb};
  EXPECT_EQ(options->image_filter({.prompt = "a"}, picture), std::nullopt);
  EXPECT_EQ(options->image_filter({.prompt = "b", .seed = 1}, picture), "not this one");
  EXPECT_EQ(pixels[0], 123);
  EXPECT_EQ(asked, (std::vector<std::string>{"yes", "no", "null", "a", "b"}));

  // The list is asked first, and alone where there is no callback.
  asked.clear();
  given.refused_words = "# a list\ngun\n";
  options = load_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_NE(options->prompt_filter("a gun"), std::nullopt);
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(options->prompt_filter("no"), "first");
  given.prompt_filter = nullptr;
  options = load_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_NE(options->prompt_filter("a gun"), std::nullopt);
  EXPECT_EQ(options->prompt_filter("no"), std::nullopt);
  given.refused_words = "gun\n\xff";
  EXPECT_EQ(load_options_of(&given).status().message(), "line 2 of the list of refused words is not valid UTF-8");
}

TEST(COptions, OfGenerating) {
  const float noise[] = {1, 2, 3};
  uint8_t pixels[12];
  int stages = 0;
  md_generate_options given;
  md_generate_options_init(&given, sizeof given);
  given.seed = uint64_t{1} << 63;
  given.width = 64;
  given.height = 96;
  given.steps = 4;
  given.guidance = 2.5f;
  given.negative_prompt = "a house";
  given.sampler = "ddim";
  given.image = {pixels, 1, 3, MD_RGBA};
  given.strength = 0.25;
  given.initial_noise = noise;
  given.initial_noise_count = 3;
  given.noise = MD_NOISE_TORCH;
  given.format = MD_RGBA;
  given.output = pixels;
  given.output_bytes = sizeof pixels;
  given.progress = [](void* user_data, md_stage stage, int32_t done, int32_t total) -> int32_t {
    *static_cast<int*>(user_data) = stage * 100 + done * 10 + total;
    return done == total;
  };
  given.progress_user_data = &stages;
  given.remember_text = 1;
  const auto options = generate_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->seed, given.seed);
  EXPECT_EQ(options->width, 64);
  EXPECT_EQ(options->height, 96);
  EXPECT_EQ(options->steps, 4);
  EXPECT_EQ(options->guidance, 2.5f);
  EXPECT_EQ(options->negative_prompt, "a house");
  EXPECT_EQ(options->sampler, "ddim");
  EXPECT_EQ(options->image.data, pixels);
  EXPECT_EQ(options->image.width, 1);
  EXPECT_EQ(options->image.height, 3);
  EXPECT_EQ(options->image.format, PixelFormat::kRgba);
  EXPECT_EQ(options->strength, 0.25);
  EXPECT_EQ(options->initial_noise, std::vector<float>({1, 2, 3}));
  EXPECT_EQ(options->noise, Noise::kTorch);
  EXPECT_EQ(options->format, PixelFormat::kRgba);
  EXPECT_EQ(options->output, pixels);
  EXPECT_EQ(options->output_bytes, sizeof pixels);
  EXPECT_TRUE(options->progress(Stage::kDecoder, 3, 4));
  EXPECT_EQ(stages, 234);
  EXPECT_TRUE(options->remember_text);
  EXPECT_FALSE(options->progress(Stage::kText, 4, 4));
}

TEST(COptions, OfPacking) {
  const md_lora lora = {"a.safetensors", 0.5f};
  int asked = 0;
  md_pack_options given;
  md_pack_options_init(&given, sizeof given);
  given.weights = MD_STORED_INT8;
  given.loras = &lora;
  given.lora_count = 1;
  given.vae = "tiny";
  given.program = "draw";
  given.cancelled = [](void* user_data) -> int32_t { return (*static_cast<int*>(user_data))++; };
  given.cancelled_user_data = &asked;
  const auto options = pack_options_of(&given);
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->weights, StoredWeights::kInt8);
  ASSERT_EQ(options->loras.size(), 1u);
  EXPECT_EQ(options->loras[0].path, "a.safetensors");
  EXPECT_EQ(options->vae, "tiny");
  EXPECT_EQ(options->program, "draw");
  EXPECT_FALSE(options->cancelled());
  EXPECT_TRUE(options->cancelled());
  given.loras = nullptr;
  EXPECT_EQ(pack_options_of(&given).status().message(), "loras is NULL, and lora_count is 1");
}

TEST(COptions, OfNothingAreTheDefaults) {
  const auto load = load_options_of(nullptr);
  ASSERT_TRUE(load.ok());
  EXPECT_EQ(load->cache_bytes, LoadOptions().cache_bytes);
  EXPECT_FALSE(load->log);
  const auto generate = generate_options_of(nullptr);
  ASSERT_TRUE(generate.ok());
  EXPECT_FALSE(generate->guidance.has_value());
  EXPECT_FALSE(generate->progress);
  EXPECT_EQ(generate->strength, GenerateOptions().strength);
  const auto pack = pack_options_of(nullptr);
  ASSERT_TRUE(pack.ok());
  EXPECT_FALSE(pack->cancelled);
  const auto save = save_options_of(nullptr);
  ASSERT_TRUE(save.ok());
  EXPECT_EQ(save->jpeg_quality, SaveOptions().jpeg_quality);
}

}  // namespace
}  // namespace mobilediffusion::c
