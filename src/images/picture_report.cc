// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/picture_report.h"

namespace mobilediffusion {

nlohmann::json picture_report(const Image& image) {
  const Provenance& made = image.provenance;
  return {{"prompt", made.prompt},
          {"prompt_tokens", image.prompt_tokens},
          {"prompt_truncated", image.prompt_truncated},
          {"unknown_words", image.unknown_words},
          {"model", made.model},
          {"seed", made.seed},
          {"steps", made.steps},
          {"guidance", made.guidance},
          {"sampler", made.sampler},
          {"noise", made.noise},
          {"loras", made.loras},
          {"strength", made.strength ? nlohmann::json(*made.strength) : nlohmann::json()},
          {"width", image.width},
          {"height", image.height},
          {"seconds",
           {{"encoder", image.timings.encoder},
            {"text", image.timings.text},
            {"unet", image.timings.unet},
            {"decoder", image.timings.decoder},
            {"total", image.timings.total}}}};
}

const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::kText:
      return "text";
    case Stage::kUNet:
      return "unet";
    case Stage::kDecoder:
      return "decoder";
    case Stage::kEncoder:
      return "encoder";
  }
  return "";
}

}  // namespace mobilediffusion
