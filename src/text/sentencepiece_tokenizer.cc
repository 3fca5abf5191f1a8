// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <vector>

namespace mobilediffusion {
namespace {

// SentencePiece takes the square of the length of a run that it has no pieces for: a megabyte of them would take
// minutes. No text encoder reads as much as this.
constexpr size_t kMostBytes = size_t{1} << 16;

// `text`, which is valid UTF-8, up to the last whole character within `most` bytes.
std::string_view cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

class SentencePieceTokenizer : public Tokenizer {
 public:
  SentencePieceTokenizer(std::unique_ptr<sentencepiece::SentencePieceProcessor> processor, const SpecialTokens& special)
      : processor_(std::move(processor)), special_(special) {}

  Result<TokenizedPrompt> encode(std::string_view prompt, int length) const override {
    if (Status status = check_utf8(prompt); !status.ok()) return status;
    const std::string_view read = cut(prompt, kMostBytes);
    std::vector<int> ids;
    const auto encoded = processor_->Encode({read.data(), read.size()}, &ids);
    if (!encoded.ok())
      return Status(StatusCode::kInternal, "SentencePiece could not encode the prompt: " + encoded.ToString());
    TokenizedPrompt fitted = fit_prompt(ids, length, special_);
    if (read.size() < prompt.size()) fitted.truncated = true;
    return fitted;
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
