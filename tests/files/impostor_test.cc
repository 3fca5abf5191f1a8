// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What downloads leave in a file's place, in place of each of a model's files.
#include "src/files/impostor.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "mobilediffusion/pipeline.h"
#include "src/files/safetensors.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

const std::string kPointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 334643276\n";

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(ImpostorTest, IsNamedInPlaceOfEveryFile) {
  const std::pair<std::string, std::string> impostors[] = {
      {kPointer, "git lfs pull"},
      {"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"},
      {"{\"error\": \"Repository not found\"}", "Repository not found"}};
  for (const char* file : {"model_index.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                           "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/config.json",
                           "vae/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json",
                           "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer.model", "words.json"}) {
    const SmallModel model;
    for (const auto& [content, saying] : impostors) {
      model.write(file, content);
      const Status status = Pipeline::load(model.path(), {.threads = 1}).status();
      EXPECT_EQ(status.code(), StatusCode::kInvalidModel) << file << ": " << status.message();
      for (const std::string& word : {std::string(file), saying})
        EXPECT_NE(status.message().find(word), std::string::npos) << status.message();
    }
  }
}

TEST(ImpostorTest, TheSizeOfTheFileItselfIsTold) {
  EXPECT_NE(impostor(bytes_of(kPointer)).find("334643276 bytes"), std::string::npos) << impostor(bytes_of(kPointer));
}

TEST(ImpostorTest, BinaryFilesHaveMoreOfThem) {
  for (const auto& [content, saying] :
       {std::pair<std::string, const char*>{"Entry not found", "\"Entry not found\""},
        {"Access to model x is restricted. You must be authenticated.\n", "Access to model x"},
        {"PK\x03\x04 archive/data.pkl", "pickle"},
        {"GGUF\x03", "GGUF"},
        {"\x1f\x8b\x08", "gzip"}}) {
    const auto file = Safetensors::parse(bytes_of(content), "model.safetensors");
    EXPECT_EQ(file.status().code(), StatusCode::kInvalidModel);
    EXPECT_NE(file.status().message().find(saying), std::string::npos) << file.status().message();
  }
}

TEST(ImpostorTest, WhatAModelHasIsNone) {
  for (const char* text : {"{}", "{\"message\": [\"hello\"]}", "{\"error</w>\": 5, \"message\": 7}", "#version: 0.2\n",
                           "{\"_class_name\": \"UNet2DConditionModel\"}", "version 1"}) {
    EXPECT_EQ(impostor(bytes_of(text)), "") << text;
  }
  // Of any length the safetensors file begins with: it is eight bytes that are no text.
  const std::string file("\x20\0\0\0\0\0\0\0{}", 10);
  EXPECT_EQ(binary_impostor(bytes_of(file)), "");
}

}  // namespace
}  // namespace mobilediffusion
