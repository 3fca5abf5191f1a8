// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/known_models.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace mobilediffusion {
namespace {

SchedulerConfig recognised(const std::vector<std::string>& names, const std::string& sampler, bool told = false,
                           bool trailing = false) {
  SchedulerConfig scheduler;
  scheduler.sampler = sampler;
  scheduler.timestep_spacing = trailing ? TimestepSpacing::kTrailing : TimestepSpacing::kLeading;
  UNetConfig unet;
  unet.time_cond_proj_dim = told ? 256 : 0;
  apply_known_model(names, {}, unet, &scheduler);
  return scheduler;
}

TEST(KnownModels, AreRecognisedByName) {
  for (const auto& [name, sampler, steps, guidance] :
       {std::tuple("sdxs-512-dreamshaper", "one-step", 1, 1.0f), std::tuple("IDKiro/sdxs-512-0.9", "one-step", 1, 1.0f),
        std::tuple("XCLiu/instaflow_0_9B_from_sd_1_5", "flow", 1, 1.0f), std::tuple("InstaFlow-0.9B", "flow", 1, 1.0f),
        std::tuple("2_rectified_flow_from_sd_1_5", "flow", 25, 1.5f),
        std::tuple("RectifiedFlowPipeline", "flow", 1, 1.0f), std::tuple("SiD-LSG-sd15", "sid", 1, 1.0f),
        std::tuple("tianweiy/DMD2", "one-step", 1, 1.0f)}) {
    const SchedulerConfig found = recognised({"model", name}, "plms");
    EXPECT_EQ(found.sampler, sampler) << name;
    EXPECT_EQ(found.steps, steps) << name;
    EXPECT_EQ(found.guidance, guidance) << name;
  }
  EXPECT_EQ(recognised({"roadmdmodel", "sdxsomething"}, "ddim").sampler, "ddim");
}

TEST(KnownModels, AreRecognisedByTheirFacts) {
  for (const auto& [sampler, told, trailing, steps, guidance] :
       {std::tuple("lcm", true, false, 4, 8.0f), std::tuple("lcm", false, false, 4, 1.0f),
        std::tuple("tcd", false, false, 4, 1.0f), std::tuple("euler", false, true, 1, 1.0f),
        std::tuple("euler", false, false, 25, 7.5f), std::tuple("plms", false, false, 25, 7.5f),
        std::tuple("ddim", false, true, 25, 7.5f), std::tuple("", false, false, 25, 7.5f)}) {
    const SchedulerConfig found = recognised({"model"}, sampler, told, trailing);
    EXPECT_EQ(found.sampler, sampler);
    EXPECT_EQ(found.steps, steps) << sampler;
    EXPECT_EQ(found.guidance, guidance) << sampler;
  }
}

// Turbo is more than Euler's method and the last timesteps: others that are sampled so want many steps.
TEST(KnownModels, TurboIsKnownByMoreThanItsSpacing) {
  SchedulerConfig turbo;
  turbo.sampler = "euler";
  turbo.timestep_spacing = TimestepSpacing::kTrailing;
  UNetConfig unet;
  unet.cross_attention_dim = 1024;
  const auto steps_of = [](SchedulerConfig scheduler, const UNetConfig& network) {
    apply_known_model({}, {}, network, &scheduler);
    return scheduler.steps;
  };
  EXPECT_EQ(steps_of(turbo, unet), 1);
  SchedulerConfig zero_snr = turbo, velocity = turbo, karras = turbo;
  zero_snr.rescale_betas_zero_snr = true;
  velocity.prediction_type = PredictionType::kVPrediction;
  karras.use_karras_sigmas = true;
  for (const SchedulerConfig& other : {zero_snr, velocity, karras}) EXPECT_EQ(steps_of(other, unet), 25);
  unet.cross_attention_dim = 768;
  EXPECT_EQ(steps_of(turbo, unet), 25);
}

UNetConfig sdxs_shape() {
  UNetConfig unet;
  for (const int channels : {320, 640, 1280})
    unet.levels.push_back({.channels = channels, .resnets = 1, .transformer_layers = 1, .self_attention = true});
  return unet;
}

TEST(KnownModels, SdxsIsKnownByItsShape) {
  const auto sampler_of = [](const UNetConfig& unet) {
    SchedulerConfig scheduler;
    scheduler.sampler = "deis";
    apply_known_model({}, {}, unet, &scheduler);
    return scheduler.sampler;
  };
  UNetConfig first = sdxs_shape(), second = sdxs_shape(), tiny = sdxs_shape(), middle = sdxs_shape();
  first.levels[0].transformer_layers = 0;   // SDXS-512-DreamShaper
  second.levels[0].self_attention = false;  // SDXS-512-0.9
  middle.levels[0].transformer_layers = 0;
  middle.middle = UNetMiddle();
  EXPECT_EQ(sampler_of(first), "one-step");
  EXPECT_EQ(sampler_of(second), "one-step");
  EXPECT_EQ(sampler_of(tiny), "deis");  // BK-SDM-Tiny's
  EXPECT_EQ(sampler_of(middle), "deis");
}

// Where nothing tells, it is said what was assumed, and how to choose.
TEST(KnownModels, AnAssumptionIsSaid) {
  const auto note = [](const std::vector<std::string>& names, const std::vector<std::string>& written) {
    SchedulerConfig scheduler;
    scheduler.sampler = "ddim";
    const Recipe recipe = apply_known_model(names, written, UNetConfig(), &scheduler);
    EXPECT_FALSE(recipe.reason.empty());
    return assumption(recipe, scheduler);
  };
  for (const std::string& text : {note({"model"}, {}), note({"model"}, {"runwayml/stable-diffusion-v1-5"})}) {
    for (const char* words : {"25", "guidance 7.5", "--sampler one-step --steps 1 --guidance 1"})
      EXPECT_NE(text.find(words), std::string::npos) << text;
  }
  EXPECT_EQ(note({"stable-diffusion-v1-5"}, {}), "");
  EXPECT_EQ(note({"model"}, {"IDKiro/sdxs-512-0.9"}), "");
  EXPECT_EQ(note({"copy", "tianweiy/DMD2"}, {}), "");
}

// DiffusionGAN's file says all, whatever the model is called.
TEST(KnownModels, LeaveOursAlone) {
  const SchedulerConfig found = recognised({"sdxs"}, "gan");
  EXPECT_EQ(found.sampler, "gan");
  EXPECT_EQ(found.steps, 0);
  EXPECT_EQ(found.guidance, 1.0f);
}

}  // namespace
}  // namespace mobilediffusion
