// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Packed models that are whole, cut short, and lie. Each is read from disk, out of an open file and out of memory.
#include "src/files/packed_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/descriptor.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

const std::string kMetadata = R"("__metadata__":{"mobilediffusion_pack":"1","model":"boats"})";

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, size_t begin,
                   size_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

std::string file_of(const std::vector<std::string>& entries, const std::string& data) {
  std::string header = "{" + kMetadata;
  for (const std::string& entry : entries) header += "," + entry;
  header += "}";
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i));
  return bytes + header + data;
}

// One file, two networks of which one has a gap that is padded.
const std::string kWhole =
    file_of({tensor("files/unet/config.json", "U8", "[2]", 0, 2), tensor("__padding__/0", "U8", "[2]", 2, 4),
             tensor("unet/a", "F32", "[1]", 4, 8), tensor("__padding__/1", "U8", "[4]", 8, 12),
             tensor("unet/b", "F16", "[2]", 12, 16), tensor("vae/c", "I8", "[3]", 16, 19)},
            "{}..aaaa....bbbbccc");

std::vector<Result<PackedModel>> open_each_way(const std::string& bytes, const TemporaryFolder& folder) {
  std::vector<Result<PackedModel>> opened;
  folder.write("x.mdiff", bytes);
  folder.write("package", "12345" + bytes + "behind");
  opened.push_back(open_packed_model(folder.path("x.mdiff")));
  const int descriptor = open_descriptor(folder.path("package"));
  opened.push_back(open_packed_model(descriptor, 5, bytes.size(), "package"));
  close_descriptor(descriptor);
  opened.push_back(open_packed_model(std::as_bytes(std::span(bytes)), "memory"));
  return opened;
}

void expect_refused(const std::string& bytes, const std::string& saying, StatusCode code = StatusCode::kInvalidModel) {
  const TemporaryFolder folder;
  for (const auto& model : open_each_way(bytes, folder)) {
    ASSERT_FALSE(model.ok()) << "expected: " << saying;
    EXPECT_EQ(model.status().code(), code);
    EXPECT_NE(model.status().message().find(saying), std::string::npos) << model.status().message();
  }
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(PackedModelTest, LooksLikeTheFolder) {
  const TemporaryFolder folder;
  for (const auto& model : open_each_way(kWhole, folder)) {
    ASSERT_TRUE(model.ok()) << model.status().message();
    const SourcePath root(*model, "");
    EXPECT_EQ((*model)->names(), std::vector<std::string>{"boats"});
    EXPECT_EQ(root.list(), (std::vector<std::string>{"unet", "vae"}));
    EXPECT_EQ((root / "unet").list(), (std::vector<std::string>{"config.json", "diffusion_pytorch_model.safetensors"}));
    EXPECT_EQ(*read_text_file(root / "unet/config.json"), "{}");
    EXPECT_EQ((root / "text_encoder/model.safetensors").open_tensors().status().code(), StatusCode::kNotFound);
    EXPECT_FALSE((root / "files").exists());
    const auto unet = (root / "unet/diffusion_pytorch_model.safetensors").open_tensors();
    ASSERT_TRUE(unet.ok()) << unet.status().message();
    ASSERT_EQ(unet->tensors.entries().size(), 2u);  // without the padding
    EXPECT_EQ(text_of(unet->mapped.bytes()), "aaaa....bbbb");
    EXPECT_EQ(text_of(unet->tensors.find("a")->data), "aaaa");
    EXPECT_EQ(text_of(unet->tensors.find("b")->data), "bbbb");
    EXPECT_EQ(unet->tensors.find("b")->dtype, "F16");
    const auto vae = (root / "vae/diffusion_pytorch_model.safetensors").open_tensors();
    EXPECT_EQ(text_of(vae->tensors.find("c")->data), "ccc");
  }
}

TEST(PackedModelTest, CutShortAnywhereIsNamed) {
  for (size_t size = 1; size < kWhole.size(); ++size) expect_refused(kWhole.substr(0, size), "");
  expect_refused("", "empty");
  expect_refused(kWhole + "x", "belong to no tensor");
}

TEST(PackedModelTest, LyingHeadersAreNamed) {
  std::string huge = kWhole;
  std::memset(huge.data(), 0x7f, 8);
  expect_refused(huge, "announces a header of");
  expect_refused(file_of({tensor("unet/a", "F32", "[2]", 0, 4)}, "aaaa"), "needs 8 bytes");
  expect_refused(file_of({tensor("unet/a", "F32", "[1]", 0, 400)}, "aaaa"), "lies at bytes");
  expect_refused(file_of({tensor("unet/a", "F32", "[1]", 0, 4), tensor("vae/a", "F32", "[1]", 2, 6)}, "aaaaaa"),
                 "overlap");
  expect_refused(file_of({tensor("unet/a", "F32", "[1]", 0, 4), tensor("unet/a", "F32", "[1]", 0, 4)}, "aaaa"),
                 "twice");
}

TEST(PackedModelTest, NamesThatLeadElsewhereAreNamed) {
  for (const char* name : {"../x", "a/../../x", "/etc/passwd", "a//b", "a/", ".", "a/.", "C:x", "a\\\\..\\\\b",
                           "a\\u0000b", "a\\nb", "con.", ""}) {
    expect_refused(file_of({tensor(std::string("files/") + name, "U8", "[1]", 0, 1)}, "x"), "not allowed");
  }
  expect_refused(file_of({tensor("x", "U8", "[1]", 0, 1)}, "x"), "is no part of a model");
  expect_refused(file_of({tensor("files/unet/diffusion_pytorch_model.safetensors", "U8", "[1]", 0, 1),
                          tensor("unet/a", "U8", "[1]", 1, 2)},
                         "xa"),
                 "beside the weights");
  expect_refused(file_of({tensor("files/a", "F32", "[1]", 0, 4)}, "xxxx"), "expected U8");
  expect_refused(file_of({tensor("files/a", "U8", "[2,2]", 0, 4)}, "xxxx"), "expected U8");
}

TEST(PackedModelTest, OtherFilesAndOtherVersionsAreNamed) {
  std::string other = kWhole;
  other.replace(other.find("mobilediffusion_pack"), 20, "something_else______");
  expect_refused(other, "is a safetensors file, but no packed model");
  std::string later = kWhole;
  later.replace(later.find("\"1\""), 3, "\"2\"");
  expect_refused(later, "of the format 2", StatusCode::kUnsupported);
  std::string odd = kWhole;
  odd.replace(odd.find("boats"), 5, "b\\u0007");
  odd[0] = static_cast<char>(odd[0] + 2);
  expect_refused(odd, "no name of a model");
}

TEST(PackedModelTest, IsToldByHowItBegins) {
  const TemporaryFolder folder;
  folder.write("whole", kWhole);
  folder.write("cut", kWhole.substr(0, kWhole.size() - 1));
  folder.write("damaged.mdiff", "x");
  folder.write("picture", "\x89PNG");
  EXPECT_TRUE(claims_to_be_packed(folder.path("whole")));
  EXPECT_TRUE(claims_to_be_packed(folder.path("cut")));
  EXPECT_TRUE(claims_to_be_packed(folder.path("damaged.mdiff")));
  EXPECT_FALSE(claims_to_be_packed(folder.path("picture")));
  EXPECT_FALSE(claims_to_be_packed(folder.path("none")));
}

TEST(PackedModelTest, DescriptorsThatAreNone) {
  EXPECT_EQ(open_packed_model(-1, 0, 1, "descriptor").status().code(), StatusCode::kIoError);
  int ends[2];
  ASSERT_TRUE(open_pipe(ends));
  EXPECT_EQ(open_packed_model(ends[0], 0, MappedFile::kToTheEnd, "pipe").status().code(), StatusCode::kIoError);
  close_descriptor(ends[0]);
  close_descriptor(ends[1]);
  EXPECT_EQ(open_packed_model("").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace mobilediffusion
