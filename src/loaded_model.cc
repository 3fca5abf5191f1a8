// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/loaded_model.h"

#include <utility>

#include "src/features/features.h"
#include "src/images/provenance.h"
#include "src/weights/precision.h"

namespace mobilediffusion {

using kernels::Arena;
using kernels::Context;
using kernels::Tensor;
using kernels::ThreadPool;

namespace {

// By running each network once without weights and without computing.
BlockCounts count_blocks(const ModelFolder& model) {
  Stages stages = Stages::describe(model);
  const ThreadPool one(1);
  Arena arena(Arena::Mode::kMeasure);
  const auto count = [&](auto&& run) {
    int blocks = 0;
    Context context(one, arena);
    context.set_on_block([&] { ++blocks; });
    run(context);
    return blocks;
  };
  const std::vector<int> ids(static_cast<size_t>(model.text_encoder.max_position_embeddings));
  const int side = model.unet.latent_multiple();
  BlockCounts counts;
  counts.text = count([&](Context& context) { stages.text_encoder()(context, ids); });
  counts.unet = count([&](Context& context) {
    const Tensor text = context.make({1, 1, static_cast<int64_t>(ids.size()), model.unet.cross_attention_dim});
    stages.unet()(context, context.make({1, side, side, model.unet.in_channels}), 0.0f, text);
  });
  counts.decoder = count([&](Context& context) {
    stages.decoder()(context, context.make({1, 1, 1, model.decoder.latent_channels}));
  });
  if constexpr (!features::kImageToImage) return counts;
  const int pixels = model.decoder.upscale();
  counts.encoder = count([&](Context& context) { stages.encoder()(context, context.make({1, pixels, pixels, 3})); });
  return counts;
}

}  // namespace

Result<LoadedModel> LoadedModel::load(const SourcePath& path, const LoadOptions& options) {
  Result<ModelFolder> folder = open_model_folder(path, options.vae);
  if (!folder.ok()) return folder.status();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(folder->tokenizer_folder(), folder->text_encoder);
  if (!tokenizer.ok()) return tokenizer.status();
  Result<WordList> words = WordList::load(folder->path);
  if (!words.ok()) return words.status();
  const Result<Precision> precision = chosen_precision(options.precision, folder->unet_weights());
  if (!precision.ok()) return precision.status();
  LoadOptions chosen = options;
  chosen.precision = *precision;
  Result<Stages> stages = Stages::load(*folder, NetworkLoading(chosen));
  if (!stages.ok()) return stages.status();
  const BlockCounts blocks = count_blocks(*folder);
  return LoadedModel{.folder = std::move(*folder),
                     .tokenizer = std::move(*tokenizer),
                     .words = std::move(*words),
                     .stages = std::move(*stages),
                     .text_memory = {},
                     .loras = in_provenance(options.loras),
                     .blocks = blocks};
}

}  // namespace mobilediffusion
