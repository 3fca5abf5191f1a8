// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A packed model draws what its folder draws, bit for bit, wherever its bytes are.
#include "mobilediffusion/pack.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/files/packed_model.h"
#include "tests/descriptor.h"
#include "tests/small_model.h"
#include "tests/weights/lora_fixture.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> picture_of(Result<Pipeline> pipeline) {
  EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
  if (!pipeline.ok()) return {};
  const auto image = pipeline->generate("two red boats", {.seed = 7});
  EXPECT_TRUE(image.ok()) << image.status().message();
  return image.ok() ? image->pixels : std::vector<uint8_t>();
}

class PackTest : public testing::Test {
 protected:
  std::string packed(const PackOptions& options = {}, const std::string& leaf = "x.mdiff") const {
    const Status status = pack(model_.path(), folder_.path(leaf), options);
    EXPECT_TRUE(status.ok()) << status.message();
    return folder_.path(leaf);
  }

  const SmallModel model_;
  const TemporaryFolder folder_;
};

TEST_F(PackTest, TheSamePictureFromPathDescriptorAndMemory) {
  packed();
  const std::string bytes = folder_.read("x.mdiff");
  folder_.write("package", "odd" + bytes + "behind");
  folder_.write("last", "12345" + bytes);
  std::vector<uint8_t> memory(1 + bytes.size());
  std::copy(bytes.begin(), bytes.end(), memory.begin() + 1);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    for (const MemoryUse use : {MemoryUse::kKeep, MemoryUse::kStream}) {
      for (const std::string& cache : {std::string(), folder_.path("cache")}) {
        const LoadOptions options{.threads = 1, .precision = precision, .memory = use, .cache_folder = cache};
        const std::vector<uint8_t> truth = picture_of(Pipeline::load(model_.path(), options));
        ASSERT_FALSE(truth.empty());
        for (int round = 0; round < 2; ++round) {  // the second time out of the cache
          EXPECT_TRUE(picture_of(Pipeline::load(folder_.path("x.mdiff"), options)) == truth);
          const int package = open_descriptor(folder_.path("package"));
          auto pipeline = Pipeline::load(package, 3, bytes.size(), options);
          close_descriptor(package);
          EXPECT_TRUE(picture_of(std::move(pipeline)) == truth);
          const int last = open_descriptor(folder_.path("last"));
          EXPECT_TRUE(picture_of(Pipeline::load(last, 5, UINT64_MAX, options)) == truth);
          close_descriptor(last);
          EXPECT_TRUE(picture_of(Pipeline::load(std::span(memory).subspan(1), options)) == truth);
        }
      }
    }
  }
}

TEST_F(PackTest, KeepsTheNameAndTheSameBytesEachTime) {
  const auto pipeline = Pipeline::load(packed());
  ASSERT_TRUE(pipeline.ok());
  EXPECT_EQ(pipeline->model_name(), "base");
  const std::string first = folder_.read("x.mdiff");
  packed({}, "y.mdiff");
  EXPECT_TRUE(folder_.read("y.mdiff") == first);
  ASSERT_TRUE(pack(folder_.path("x.mdiff"), folder_.path("z")).ok());  // of a packed model, by any name
  EXPECT_TRUE(folder_.read("z") == first);
  ASSERT_TRUE(pack(folder_.path("x.mdiff"), folder_.path("x.mdiff")).ok());  // onto itself
  EXPECT_TRUE(folder_.read("x.mdiff") == first);
}

// Every tensor begins at a multiple of 64 bytes, and is what the folder has under that name.
TEST_F(PackTest, EveryTensorIsAlignedAndAsItWas) {
  packed();
  const std::string bytes = folder_.read("x.mdiff");
  const auto file = Safetensors::parse(std::as_bytes(std::span(bytes)), "x.mdiff");
  ASSERT_TRUE(file.ok()) << file.status().message();
  std::set<std::string> networks;
  for (const auto& [name, tensor] : file->entries()) {
    EXPECT_EQ((reinterpret_cast<const char*>(tensor.data.data()) - bytes.data()) % 64, 0) << name;
    if (name.starts_with("files/")) {
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()),
                model_.read(name.substr(6)));
      continue;
    }
    const std::string network = name.substr(0, name.find('/'));
    networks.insert(network);
    const auto original =
        SourcePath(model_.path() + "/" + network +
                   (network == "text_encoder" ? "/model.safetensors" : "/diffusion_pytorch_model.safetensors"))
            .open_tensors();
    const TensorEntry* const expected = original->tensors.find(name.substr(network.size() + 1));
    ASSERT_NE(expected, nullptr) << name;
    EXPECT_EQ(tensor.dtype, expected->dtype);
    EXPECT_EQ(tensor.shape, expected->shape);
    EXPECT_TRUE(std::equal(tensor.data.begin(), tensor.data.end(), expected->data.begin(), expected->data.end()));
  }
  EXPECT_EQ(networks, (std::set<std::string>{"text_encoder", "unet", "vae"}));
}

TEST_F(PackTest, BakesALoraIn) {
  const ModelFolder model = lora_test::golden("diffusers-kl");
  const SmallModel kl("diffusers-kl");
  const std::string layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
  const auto shape = lora_test::read(model.unet_weights()).at(layer + ".weight").shape;
  const std::string lora = folder_.path("lora.safetensors");
  lora_test::write(lora, {{"unet." + layer + ".lora_A.weight", lora_test::random({2, shape[1]}, 1)},
                          {"unet." + layer + ".lora_B.weight", lora_test::random({shape[0], 2}, 2)}});
  for (const StoredWeights weights : {StoredWeights::kAsTheyAre, StoredWeights::kInt8, StoredWeights::kFloat16}) {
    const bool int8 = weights == StoredWeights::kInt8;
    const LoadOptions options{.threads = 1, .precision = int8 ? Precision::kInt8 : Precision::kFloat32};
    LoadOptions with = options;
    with.loras = {{lora, 1.5f}};
    const Status status = pack(kl.path(), folder_.path("baked.mdiff"), {.weights = weights, .loras = {{lora, 1.5f}}});
    ASSERT_TRUE(status.ok()) << status.message();
    const std::vector<uint8_t> baked = picture_of(Pipeline::load(folder_.path("baked.mdiff"), options));
    if (weights == StoredWeights::kAsTheyAre) {
      EXPECT_TRUE(baked == picture_of(Pipeline::load(kl.path(), with)));
    }
    EXPECT_FALSE(baked == picture_of(Pipeline::load(kl.path(), options)));
  }
}

// Where nobody chooses a precision it is the weights' own, packed or not.
TEST_F(PackTest, WeightsIn8BitsAreComputedInInt8) {
  const auto drawn_in = [](const std::string& model, const LoadOptions& options) {
    return picture_of(Pipeline::load(model, options));
  };
  const LoadOptions by_default{.threads = 1}, float32{.threads = 1, .precision = Precision::kFloat32},
      int8{.threads = 1, .precision = Precision::kInt8};
  EXPECT_TRUE(drawn_in(model_.path(), by_default) == drawn_in(model_.path(), float32));
  const std::string small = packed({.weights = StoredWeights::kInt8});
  EXPECT_TRUE(drawn_in(small, by_default) == drawn_in(small, int8));
  EXPECT_FALSE(drawn_in(small, by_default) == drawn_in(small, float32));
}

TEST_F(PackTest, AFailureLeavesWhatWasThere) {
  folder_.write("x.mdiff", "before");
  const auto expect_failure = [&](const Status& status, StatusCode code, const std::string& saying) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(saying), std::string::npos) << status.message();
    EXPECT_EQ(folder_.read("x.mdiff"), "before");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
  };
  const std::string out = folder_.path("x.mdiff");
  expect_failure(pack(folder_.path("none"), out), StatusCode::kNotFound, "none");
  expect_failure(pack(model_.path(), out, {.vae = "none"}), StatusCode::kNotFound, "none");
  expect_failure(pack(model_.path(), out, {.loras = {{"none"}}}), StatusCode::kNotFound, "none");
  expect_failure(pack(model_.path(), out, {.cancelled = [] { return true; }}), StatusCode::kCancelled, "x.mdiff");
  expect_failure(pack(model_.path(), folder_.path("none/x.mdiff")), StatusCode::kNotFound, "none/x.mdiff");
  const std::string config = model_.read("unet/config.json");
  model_.write("unet/config.json", "{");
  expect_failure(pack(model_.path(), out), StatusCode::kInvalidModel, "unet/config.json");
  model_.write("unet/config.json", config);
  model_.remove("tokenizer");
  expect_failure(pack(model_.path(), out), StatusCode::kNotFound, "tokenizer");
}

TEST_F(PackTest, TakesAnotherAutoencoder) {
  const SmallModel kl("diffusers-kl"), tiny("diffusers-tiny");
  const LoadOptions options{.threads = 1, .vae = tiny.path() + "/vae"};
  const Status status = pack(kl.path(), folder_.path("x.mdiff"), {.vae = options.vae});
  ASSERT_TRUE(status.ok()) << status.message();
  const std::vector<uint8_t> found = picture_of(Pipeline::load(folder_.path("x.mdiff"), {.threads = 1}));
  EXPECT_TRUE(found == picture_of(Pipeline::load(kl.path(), options)));
  EXPECT_FALSE(found == picture_of(Pipeline::load(kl.path(), {.threads = 1})));
}

// Hugging Face's cache, with a shard that no index lists.
TEST_F(PackTest, PacksWhatTheLoaderFinds) {
  const fs::path hub = folder_.path("models--someone--boats-turbo");
  fs::create_directories(hub / "snapshots");
  fs::copy(model_.path(), hub / "snapshots/123", fs::copy_options::recursive);
  const fs::path unet = hub / "snapshots/123/unet";
  fs::rename(unet / "diffusion_pytorch_model.safetensors", unet / "diffusion_pytorch_model-00001-of-00001.safetensors");
  const Status status = pack(hub.string(), folder_.path("x.mdiff"));
  ASSERT_TRUE(status.ok()) << status.message();
  auto pipeline = Pipeline::load(folder_.path("x.mdiff"), {.threads = 1});
  ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
  EXPECT_EQ(pipeline->model_name(), "boats-turbo");
  EXPECT_TRUE(picture_of(std::move(pipeline)) == picture_of(Pipeline::load(model_.path(), {.threads = 1})));
}

// What a reader needs and the file lacks is named by the file's name and its own.
TEST_F(PackTest, MissingPartsAreNamed) {
  packed();
  const std::string bytes = folder_.read("x.mdiff");
  for (const std::string part : {"files/unet/config.json", "files/model_index.json", "unet/conv_in.weight"}) {
    std::string damaged = bytes;
    const size_t at = damaged.find("\"" + part + "\"");
    ASSERT_NE(at, std::string::npos) << part;
    damaged.replace(at + part.size(), 1, "_");  // the name's last letter
    folder_.write("damaged", damaged);
    const auto pipeline = Pipeline::load(folder_.path("damaged"));
    EXPECT_FALSE(pipeline.ok());
    EXPECT_NE(pipeline.status().message().find(folder_.path("damaged")), std::string::npos)
        << pipeline.status().message();
    EXPECT_NE(pipeline.status().message().find(part.substr(part.find_last_of('/') + 1)), std::string::npos)
        << pipeline.status().message();
  }
}

}  // namespace
}  // namespace mobilediffusion
