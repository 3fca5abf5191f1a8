// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Whatever JSON the library reads or writes, memory may end at any byte: that is an error and never the program's end.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/files/impostor.h"
#include "src/files/json_reader.h"
#include "src/files/safetensors.h"
#include "src/images/jpeg.h"
#include "src/model/config.h"
#include "src/model/model_folder.h"
#include "src/text/clip_tokenizer.h"
#include "src/text/special_tokens.h"
#include "src/text/tokenizer.h"
#include "src/text/word_list.h"
#include "src/weights/lora_settings.h"
#include "src/weights/precision.h"
#include "tests/failing_new.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// A file of that header and `bytes` of data.
std::string safetensors(const std::string& header, size_t bytes) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i));
  return file + header + std::string(bytes, 'x');
}

TEST(JsonShortageTest, SafetensorsHeaders) {
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many += (i == 0 ? "{\"" : ",\"") + std::string("a.name.too.long.for.a.string.itself.") + std::to_string(i) +
            R"(":{"dtype":"F32","shape":[1,1],"data_offsets":[)" + std::to_string(4 * i) + "," +
            std::to_string(4 * i + 4) + "]}";
  }
  const std::string one = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  for (const auto& [header, bytes] : std::vector<std::pair<std::string, size_t>>{
           {many + "}", 400},                                                             // whole
           {many, 400},                                                                   // no JSON at its end
           {"{" + one + "," + one + "}", 4},                                              // a name twice
           {"{" + one + R"(,"b":{"dtype":[[1,[2]]],"shape":{"a":[]}}})", 4},              // wrong types
           {"{" + one + ",\"__metadata__\":{\"a\":\"b\",\"c\":[1,[2,[3]]]}}", 4},         // more than texts
           {"{" + one + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 6},  // overlaps
           {"{\"a\":" + std::string(1000, '['), 0}}) {
    const std::string file = safetensors(header, bytes);
    EXPECT_GT(run_short_of_memory([&] { static_cast<void>(Safetensors::parse(bytes_of(file), "a file")); }), 10)
        << header;
  }
}

TEST(JsonShortageTest, SafetensorsHeadersThatAreWritten) {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2, 3, 4};
  EXPECT_GT(run_short_of_memory([&] {
              static_cast<void>(write_safetensors(
                  folder.path("x.safetensors"), {float32_tensor("a", {2, 2}, values), float32_tensor("b", {4}, values)},
                  {{"key", "value"}, {"another key, too long for a string itself", "value"}}));
            }),
            10);
}

TEST(JsonShortageTest, Configurations) {
  const std::string texts[] = {
      R"({"in_channels":4,"block_out_channels":[64,[128]],"sample_sizes":[[8,8],[16,16]]})",
      R"({"_class_name":["a.module","UNet2DConditionModel"],"block_out_channels":[64],"layers_per_block":{"a":[1]}})",
      R"({"_class_name":"AutoencoderTiny","act_fn":["relu",["silu"]],"upsample_fn":{"a":{"b":[1,2]}}})",
      R"({"trained_betas":[0.1,[0.2]],"thresholding":[[true]],"timesteps":[999,499],"prediction_type":NaN})",
      R"({"type":[1,[2,{"a":3}]]})",
      "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}",
      "[[1,2],{\"a\":[3]}]"};
  for (const std::string& text : texts) {
    for (const auto& read : std::vector<std::function<void()>>{
             [&] { JsonReader(text, "text").integers("block_out_channels", 1, 8, 1, 1000); },
             [&] { static_cast<void>(parse_unet_config(text, "text")); },
             [&] { static_cast<void>(parse_decoder_config(text, "text")); },
             [&] { static_cast<void>(parse_text_encoder_config(text, "text")); },
             [&] { static_cast<void>(parse_scheduler_config(text, "text", "DDIMScheduler")); }}) {
      EXPECT_GT(run_short_of_memory(read), 0) << text;
    }
  }
}

TEST(JsonShortageTest, Tokenizers) {
  const std::string vocab = R"({"a":0,"b":1,"ab":2,"a token that is too long for a string itself":3})";
  const std::string tokenizer =
      R"({"added_tokens":[{"content":"<|x|>","id":3,"special":true}],"model":{"type":"BPE","vocab":)" + vocab +
      R"(,"merges":["a b",["a","b"]]}})";
  for (const std::string& text : {vocab, vocab + "]", std::string(R"({"a":[],"b":{}})"), std::string("{\"a\":[[1]]}")})
    EXPECT_GT(run_short_of_memory([&] { static_cast<void>(ClipVocabulary::parse(text, "a b\n", "folder", 4)); }), 5)
        << text;
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(ClipVocabulary::parse_json(tokenizer, "text", 4)); }), 20);

  const TemporaryFolder folder;
  folder.write(
      "tokenizer_config.json",
      R"({"unk_token":{"content":"u"},"additional_special_tokens":["a",{"content":"b"}],"model_max_length":[[77]]})");
  folder.write(
      "special_tokens_map.json",
      R"({"added_tokens_decoder":{"1":{"content":"c"},"[[1,2],{\"a\":3}]":{"content":"d"},"[":{"content":"e"}}})");
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(read_named_tokens(folder.path(), nullptr, 4)); }), 20);
  TextEncoderConfig config{.vocab_size = 4, .bos_token_id = 2, .eos_token_id = 3, .pad_token_id = 3};
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(write_stand_in_tokenizer(folder.path(), config)); }), 20);
}

TEST(JsonShortageTest, WordLists) {
  const TemporaryFolder folder;
  for (const char* text :
       {R"({"subjects":["boat","hot-air balloon"],"a":["b"]})", R"({"subjects":["boat",[["house"]]]})"}) {
    folder.write("words.json", text);
    EXPECT_GT(run_short_of_memory([&] { static_cast<void>(WordList::load(folder.path())); }), 10) << text;
  }
}

TEST(JsonShortageTest, LoraSettings) {
  for (const std::string text :
       {R"({"r":4,"peft_type":"LORA","use_dora":"none","alpha_pattern":{"to_q":8,"to_k":4},"rank_pattern":{"to_v":2}})",
        R"({"r":4,"alpha_pattern":{"to_q":[8,[9]]},"layer_replication":[[0,4],[2,5]]})"}) {
    EXPECT_GT(run_short_of_memory([&] { static_cast<void>(LoraSettings::parse(text, "text", "")); }), 10) << text;
  }
}

TEST(JsonShortageTest, ServersAnswers) {
  for (const std::string text :
       {R"({"error":"Repository not found","more":[[1],{"a":2}]})", R"({"a":[[1,2],[3]],"b":{"c":{}}})"})
    EXPECT_GT(run_short_of_memory([&] { static_cast<void>(impostor(bytes_of(text))); }), 5) << text;
}

TEST(JsonShortageTest, TextsOfJpegs) {
  const std::vector<uint8_t> empty = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xd9};
  const std::vector<TextEntry> texts = {{"Software", "a program"},
                                        {"Description", "a boat, too long for a string itself"}};
  EXPECT_GT(run_short_of_memory([&] {
              const std::vector<uint8_t> jpeg = insert_jpeg_texts(empty, texts);
              static_cast<void>(read_jpeg_texts(jpeg, "a picture"));
            }),
            10);
  std::vector<uint8_t> hostile(empty.begin(), empty.end() - 2);
  const std::string comment = R"({"Software":[[1,[2]],{"a":{"b":3}}],"a":"b"})";
  hostile.insert(hostile.end(), {0xff, 0xfe, 0, static_cast<uint8_t>(comment.size() + 2)});
  hostile.insert(hostile.end(), comment.begin(), comment.end());
  hostile.insert(hostile.end(), {0xff, 0xd9});
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(read_jpeg_texts(hostile, "a picture")); }), 10);
}

// All that a model's folder says, as loading reads it before the networks.
TEST(JsonShortageTest, AModelsFolder) {
  const SmallModel model;
  model.write("words.json", R"({"subjects":["boat","house"],"colours":["red"]})");
  const auto folder = open_model_folder(model.path());
  ASSERT_TRUE(folder.ok()) << folder.status().message();
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(open_model_folder(model.path())); }), 100);
  EXPECT_GT(
      run_short_of_memory([&] { static_cast<void>(load_tokenizer(folder->tokenizer_folder(), folder->text_encoder)); }),
      100);
  EXPECT_GT(run_short_of_memory([&] { static_cast<void>(WordList::load(folder->path)); }), 10);
  EXPECT_GT(
      run_short_of_memory([&] { static_cast<void>(chosen_precision(Precision::kOfModel, folder->unet_weights())); }),
      100);
}

}  // namespace
}  // namespace mobilediffusion
