// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion info: what a model is made of and costs, or where a picture came from.
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "mobilediffusion/image.h"
#include "src/cli/cli.h"
#include "src/cli/kernel_table.h"
#include "src/files/in_message.h"
#include "src/files/packed_model.h"
#include "src/model/autoencoder_folder.h"
#include "src/networks/cost.h"

namespace mobilediffusion::cli {
namespace {

using nlohmann::json;

// The seed paper's and post's figures for its two sizes, millions of parameters and billions of multiply-accumulates at
// 512x512. The UNets' are the paper's as remembered; the others are the post's.
struct Published {
  std::vector<int> unet_widths;
  double unet_parameters, unet_macs;
};
const Published kPublished[] = {{{320, 640, 1024, 1024}, 386, 182}, {{256, 512, 896, 896}, 278, 117}};

const Published* published_for(const ModelFolder& model) {
  for (const Published& published : kPublished) {
    std::vector<int> widths;
    for (const UNetLevel& level : model.unet.levels) widths.push_back(level.channels);
    if (widths == published.unet_widths) return &published;
  }
  return nullptr;
}

json to_json(const Cost& cost) { return {{"parameters", cost.parameters}, {"macs", cost.macs}}; }

json to_json(const NetworkCost& network) {
  json value = to_json(network.whole);
  for (const Cost& block : network.blocks) {
    json entry = to_json(block);
    entry["name"] = block.name;
    value["blocks"].push_back(std::move(entry));
  }
  return value;
}

void print_row(const Cost& cost, const char* indent, const std::string& published) {
  std::printf("%s%-*s %12.3f M %12.3f G   %s\n", indent, 26 - static_cast<int>(std::string_view(indent).size()),
              cost.name.c_str(), 1e-6 * static_cast<double>(cost.parameters), 1e-9 * static_cast<double>(cost.macs),
              published.c_str());
}

std::string published_text(double parameters, double macs) {
  char text[64];
  if (macs > 0) {
    std::snprintf(text, sizeof text, "published: %g M, %g G", parameters, macs);
  } else {
    std::snprintf(text, sizeof text, "published: %g M", parameters);
  }
  return text;
}

void print_network(const NetworkCost& network, const std::string& note = "") {
  print_row(network.whole, "", note);
  for (const Cost& block : network.blocks) print_row(block, "  ", "");
}

// An autoencoder by itself, TAESD say: what a picture of 512x512 costs.
int show_autoencoder(const std::string& path, const DecoderConfig& autoencoder, bool as_json) {
  const int pixels = 512, side = pixels / autoencoder.upscale();
  const AutoencoderCost cost = cost_of(autoencoder, side, side);
  const bool tiny = std::holds_alternative<TinyDecoderConfig>(autoencoder.network);
  const char* const kind = tiny ? "AutoencoderTiny" : "AutoencoderKL";
  if (as_json) {
    std::cout << json{{"autoencoder", kind},
                      {"decoder", to_json(cost.decoder)},
                      {"encoder", to_json(cost.encoder)},
                      {"latent_channels", autoencoder.latent_channels},
                      {"upscale", autoencoder.upscale()},
                      {"sample_size", side}}
                     .dump()
              << std::endl;
    return kDone;
  }
  std::printf("%s: an autoencoder by itself (%s); with a model: generate --vae %s\n", path.c_str(), kind, path.c_str());
  std::printf("pictures of %dx%d, a latent of %dx%dx%d\n\n", pixels, pixels, side, side, autoencoder.latent_channels);
  std::printf("%-26s %14s %14s\n", "", "parameters", "mult-adds");
  print_network(cost.decoder);
  print_network(cost.encoder, "where a picture begins with one");
  return kDone;
}

void print_sampling(const ModelFolder& model) {
  const SchedulerConfig& scheduler = model.scheduler;
  const std::string sampler =
      scheduler.sampler.empty() ? "none of ours for " + scheduler.class_name : scheduler.sampler;
  std::printf("\nsampler %s, %d step%s, guidance %g%s%s\n", sampler.c_str(), scheduler.usual_steps(),
              scheduler.usual_steps() == 1 ? "" : "s", static_cast<double>(scheduler.guidance),
              model.recipe.reason.empty() ? "" : ": ", model.recipe.reason.c_str());
  if (const std::string note = assumption(model.recipe, scheduler); !note.empty()) std::printf("%s\n", note.c_str());
}

int show_model(const std::string& path, bool as_json) {
  const Result<ModelFolder> model = open_model_folder(path);
  if (!model.ok()) return complain(model.status());
  const int side = model->unet.sample_size;
  const ModelCost cost = cost_of(*model, side, side);
  const int upscale = model->decoder.upscale();
  std::string made_for;
  json sizes = json::array();
  for (const LatentSize& size : model->unet.sample_sizes) {
    const int width = size.width * upscale, height = size.height * upscale;
    add_to_list(made_for, std::to_string(width) + "x" + std::to_string(height));
    sizes.push_back({width, height});
  }
  if (as_json) {
    std::cout << json{{"text_encoder", to_json(cost.text_encoder)},
                      {"unet", to_json(cost.unet)},
                      {"decoder", to_json(cost.decoder)},
                      {"encoder", to_json(cost.encoder)},
                      {"total", to_json(cost.total())},
                      {"sample_size", side},
                      {"sampler", model->scheduler.sampler},
                      {"steps", model->scheduler.usual_steps()},
                      {"guidance", model->scheduler.guidance},
                      {"sampling_assumed", model->recipe.assumed},
                      {"sampling_reason", model->recipe.reason},
                      {"sizes", sizes},
                      {"model", model->name}}
                     .dump()
              << std::endl;
    return kDone;
  }
  const Published* const published = published_for(*model);
  std::printf("%s: pictures of %dx%d, a latent of %dx%dx%d\n", model->name.c_str(), side * upscale, side * upscale,
              side, side, model->unet.in_channels);
  std::printf("made for %s; sides are multiples of %d\n\n", made_for.c_str(), upscale * model->unet.latent_multiple());
  std::printf("%-26s %14s %14s\n", "", "parameters", "mult-adds");
  print_network(cost.text_encoder, published ? published_text(125, 0) : "");
  print_network(cost.unet, published ? published_text(published->unet_parameters, published->unet_macs) : "");
  print_network(cost.decoder, published ? published_text(9.8, 0) : "");
  print_row(cost.encoder.whole, "", "where a picture begins with one; not in the total");
  print_row(cost.total(), "", published == &kPublished[0] ? published_text(520, 0) : "");
  print_sampling(*model);
  return kDone;
}

// Control characters of a foreign file must not reach a terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  }
  return text;
}

int show_picture(const std::string& path, bool as_json) {
  const Result<Provenance> found = read_provenance(path);
  if (!found.ok()) return complain(found.status());
  if (as_json) {
    std::cout << json{{"prompt", found->prompt},   {"negative_prompt", found->negative_prompt},
                      {"model", found->model},     {"seed", found->seed},
                      {"steps", found->steps},     {"guidance", found->guidance},
                      {"sampler", found->sampler}, {"noise", found->noise},
                      {"loras", found->loras},     {"strength", found->strength ? json(*found->strength) : json()}}
                     .dump(-1, ' ', false, json::error_handler_t::replace)
              << std::endl;
    return kDone;
  }
  std::printf("prompt    %s\n", printable(found->prompt).c_str());
  if (!found->negative_prompt.empty()) std::printf("negative  %s\n", printable(found->negative_prompt).c_str());
  if (!found->sampler.empty()) std::printf("sampler   %s\n", printable(found->sampler).c_str());
  if (!found->noise.empty()) std::printf("noise     %s\n", printable(found->noise).c_str());
  for (const std::string& lora : found->loras) std::printf("lora      %s\n", printable(lora).c_str());
  if (found->strength) std::printf("strength  %g\n", *found->strength);
  std::printf("model     %s\nseed      %llu\nsteps     %d\nguidance  %g\n", printable(found->model).c_str(),
              static_cast<unsigned long long>(found->seed), found->steps, static_cast<double>(found->guidance));
  return kDone;
}

}  // namespace

Run add_info(CLI::App& app) {
  struct Options {
    std::string path;
    bool json = false;
    bool kernels = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("info", "Say what a model costs, or where a picture came from");
  command->add_option(
      "PATH", options->path,
      "A model folder (its weights are not needed), a packed model, or a PNG of ours. Default: the default model");
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->add_flag("--kernels", options->kernels,
                    "What computes a model's operators on this processor, in each precision");
  command->footer(
      "Examples:\n"
      "  mobilediffusion info models/mobilediffusion\n"
      "  mobilediffusion info --kernels\n"
      "  mobilediffusion info boats.png --json");
  return [options] {
    std::string path = options->path;
    if (path.empty()) {
      const Result<std::string> found = find_default_model();
      if (!found.ok()) return complain(found.status());
      path = *found;
    }
    if (options->kernels) return show_kernels(path, options->json);
    const SourcePath given(path);
    if (given.is_folder()) {
      const Result<std::optional<DecoderConfig>> autoencoder = open_autoencoder_folder(path);
      if (!autoencoder.ok()) return complain(autoencoder.status());
      return *autoencoder ? show_autoencoder(path, **autoencoder, options->json) : show_model(path, options->json);
    }
    if (!given.exists()) return complain({StatusCode::kNotFound, "there is no model or picture " + path});
    return claims_to_be_packed(path) ? show_model(path, options->json) : show_picture(path, options->json);
  };
}

}  // namespace mobilediffusion::cli
