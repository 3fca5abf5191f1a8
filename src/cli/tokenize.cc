// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion tokenize: prompts on stdin, ids on stdout.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/cli/cli.h"
#include "src/cli/prompt_lines.h"
#include "src/files/json_reader.h"
#include "src/model/model_folder.h"
#include "src/text/tokenizer.h"

namespace mobilediffusion::cli {
namespace {

using nlohmann::json;

struct Words {
  std::unique_ptr<Tokenizer> tokenizer;
  int length = 0;
};

// A tokenizer folder by itself: what a text encoder's configuration would say is CLIP's, or tokenizer_config.json's.
Result<Words> load_bare(const std::string& folder) {
  constexpr int kMostPositions = 1 << 14;
  TextEncoderConfig config{
      .vocab_size = 1 << 20, .max_position_embeddings = 77, .bos_token_id = 1, .eos_token_id = 2, .pad_token_id = 2};
  if (const SourcePath path = SourcePath(folder) / "tokenizer_config.json"; path.exists()) {
    const Result<std::string> text = read_text_file(path);
    if (!text.ok()) return text.status();
    JsonReader reader(*text, path.string());
    // without a limit it is a number of 30 digits
    const double length = reader.number("model_max_length", 2, 1e31, 77);
    if (!reader.status().ok()) return reader.status();
    if (length <= kMostPositions) config.max_position_embeddings = static_cast<int>(length);
  }
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(folder, config);
  if (!tokenizer.ok()) return tokenizer.status();
  return Words{std::move(*tokenizer), config.max_position_embeddings};
}

Result<Words> load_words(const std::string& path) {
  const SourcePath given(path);
  if (given.is_folder() && !(given / "model_index.json").exists()) return load_bare(path);
  const Result<ModelFolder> model = open_model_folder(path);
  if (!model.ok()) return model.status();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(model->tokenizer_folder(), model->text_encoder);
  if (!tokenizer.ok()) return tokenizer.status();
  return Words{std::move(*tokenizer), model->text_encoder.max_position_embeddings};
}

int run_tokenize(const std::string& path, bool jsonl) {
  const Result<Words> words = load_words(path);
  if (!words.ok()) return complain(words.status());
  LineReader lines(std::cin);
  for (std::string line; lines.next(line);) {
    const auto wrong = [&](const std::string& what) {
      return complain(
          {StatusCode::kInvalidArgument, "line " + std::to_string(lines.line_number()) + " of stdin: " + what});
    };
    if (jsonl) {
      const json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!value.is_string()) return wrong("expected a JSON string");
      line = value.get<std::string>();
    }
    const Result<TokenizedPrompt> prompt = words->tokenizer->encode(line, words->length);
    if (!prompt.ok()) return wrong(prompt.status().message());
    std::cout << json(prompt->ids).dump() << "\n";
  }
  std::cout.flush();
  return lines.status().ok() ? kDone : complain(lines.status());
}

}  // namespace

Run add_tokenize(CLI::App& app) {
  struct Options {
    std::string path;
    bool jsonl = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("tokenize", "Turn prompts on stdin into the ids that the text encoder reads");
  command->add_option("PATH", options->path, "A model folder, a packed model, or a tokenizer's folder")->required();
  command->add_flag("--jsonl", options->jsonl, "Each line is a JSON string, so that a prompt may hold anything");
  command->footer("Example:\n  echo \"two red boats\" | mobilediffusion tokenize models/scenes");
  return [options] { return run_tokenize(options->path, options->jsonl); };
}

}  // namespace mobilediffusion::cli
