// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <vector>

namespace mobilediffusion {
namespace {

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(std::unique_ptr<sentencepiece::SentencePieceProcessor> processor, const SpecialTokens& special)
      : processor_(std::move(processor)), special_(special) {}

  Result<TokenizedPrompt> encode(std::string_view prompt, int length) const override {
    if (Status status = check_utf8(prompt); !status.ok()) return status;
    std::vector<int> ids;
    const auto encoded = processor_->Encode({prompt.data(), prompt.size()}, &ids);
    if (!encoded.ok())
      return Status(StatusCode::kInternal, "SentencePiece could not encode the prompt: " + encoded.ToString());
    return fit_prompt(ids, length, special_);
  }

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  SpecialTokens special_;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> parse_sentencepiece(std::string_view model, const std::string& origin,
                                                       const SpecialTokens& special, int vocab_size) {
  auto processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
  const auto loaded = processor->LoadFromSerializedProto({model.data(), model.size()});
  if (!loaded.ok())
    return Status(StatusCode::kInvalidModel, origin + " is no SentencePiece model: " + loaded.ToString());
  if (processor->GetPieceSize() > vocab_size) {
    return Status(StatusCode::kInvalidModel, origin + " has " + std::to_string(processor->GetPieceSize()) +
                                                 " pieces; the text encoder's vocab_size is " +
                                                 std::to_string(vocab_size));
  }
  return std::unique_ptr<Tokenizer>(std::make_unique<SentencePieceTokenizer>(std::move(processor), special));
}

}  // namespace mobilediffusion
