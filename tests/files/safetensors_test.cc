// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Files that are whole, cut short, and lie.
#include "src/files/safetensors.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "kernels/runtime/data_type.h"
#include "src/weights/file_weights.h"
#include "src/weights/tensor_values.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

std::string file_of(const std::string& header, const std::string& data, uint64_t announced = ~uint64_t{0}) {
  if (announced == ~uint64_t{0}) announced = header.size();
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(announced >> (8 * i));
  return bytes + header + data;
}

Result<Safetensors> parse(const std::string& bytes) {
  return Safetensors::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "model.safetensors");
}

void expect_refused(const std::string& bytes, const std::string& saying) {
  const auto file = parse(bytes);
  ASSERT_FALSE(file.ok()) << "expected: " << saying;
  EXPECT_EQ(file.status().code(), StatusCode::kInvalidModel);
  EXPECT_NE(file.status().message().find("model.safetensors"), std::string::npos) << file.status().message();
  EXPECT_NE(file.status().message().find(saying), std::string::npos) << file.status().message();
}

const std::string kTwo =
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]}})";
const std::string kTwoData("\0\0\x80\x3f\0\0\0\xc0\0\x3c\0\xc0", 12);

TEST(SafetensorsTest, ReadsWhatIsThere) {
  const std::string bytes = file_of(kTwo, kTwoData);
  const auto file = parse(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->entries().size(), 2u);
  EXPECT_EQ(file->find("c"), nullptr);
  const TensorEntry& b = *file->find("b");
  EXPECT_EQ(b.dtype, "F16");
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(*to_float32("a", *file->find("a")), (std::vector<float>{1, -2}));
  EXPECT_EQ(*to_float32("b", b), (std::vector<float>{1, -2}));
  EXPECT_FALSE(to_integers("a", *file->find("a")).ok());
}

TEST(SafetensorsTest, MetadataPaddingAndNothingAtAllAreLegal) {
  EXPECT_TRUE(parse(file_of(R"({"__metadata__":{"format":"pt"}})", "")).ok());
  EXPECT_TRUE(parse(file_of("{}      ", "")).ok());
  EXPECT_TRUE(parse(file_of(R"({"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}})", "")).ok());
  EXPECT_TRUE(parse(file_of(R"({"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", "1234")).ok());
}

// Cut anywhere, it is refused, and nothing beyond the end is read (the sanitizers look on).
TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string whole = file_of(kTwo, kTwoData);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto file =
        Safetensors::parse({reinterpret_cast<const std::byte*>(cut.data()), cut.size()}, "model.safetensors");
    EXPECT_FALSE(file.ok()) << size << " bytes";
  }
}

// Whatever single byte is changed, the answer is a file or a message, and never more than the file's own bytes.
TEST(SafetensorsTest, NoChangedByteDoesHarm) {
  const std::string whole = file_of(kTwo, kTwoData);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {1, 2, 16, 32, 128, 255}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const auto file = parse(bytes);
      if (!file.ok()) continue;
      for (const auto& [name, tensor] : file->entries()) {
        const auto* const begin = reinterpret_cast<const char*>(tensor.data.data());
        if (tensor.data.empty()) continue;
        EXPECT_GE(begin, bytes.data());
        EXPECT_LE(begin + tensor.data.size(), bytes.data() + bytes.size());
      }
    }
  }
}

TEST(SafetensorsTest, AFileThatIsSomethingElse) {
  expect_refused("", "0 bytes");
  expect_refused(std::string(91, 'x'), "is a text");
  expect_refused(std::string(91, '\x01'), "header of");
  expect_refused("version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 12345678\n",
                 "Git LFS pointer");
}

TEST(SafetensorsTest, AHeaderThatLies) {
  expect_refused(file_of(kTwo, kTwoData, 0), "no JSON object");
  expect_refused(file_of(kTwo, kTwoData, kTwo.size() + 13), "header of");
  expect_refused(file_of(kTwo, kTwoData, ~uint64_t{1}), "header of");
  expect_refused(file_of(kTwo, kTwoData, uint64_t{1} << 63), "header of");
  expect_refused(file_of("[1,2]", ""), "no JSON object");
  expect_refused(file_of("{\"a\":", ""), "no JSON object");
  expect_refused(file_of(std::string(100000, '['), ""), "no JSON object");
  expect_refused(file_of("{\"a\":" + std::string(100000, '['), ""), "no JSON object");
}

// One tensor "a", its entry given, over eight bytes of data.
class LyingEntryTest : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(LyingEntryTest, IsRefused) {
  const auto& [entry, saying] = GetParam();
  expect_refused(file_of(std::string("{\"a\":") + entry + "}", "12345678"), saying);
}

INSTANTIATE_TEST_SUITE_P(
    Entries, LyingEntryTest,
    testing::Values(
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":[0,16]})", "bytes 0 to 16 of 8"),
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":[8,16]})", "bytes 8 to 16 of 8"),
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", "bytes 8 to 0"),
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})", "data_offsets"),
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", "data_offsets"),
        std::tuple(R"({"dtype":"F32","shape":[2],"data_offsets":"all"})", "data_offsets"),
        std::tuple(R"({"dtype":"F32","shape":[2]})", "data_offsets"),
        std::tuple(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", "needs 12 bytes"),
        std::tuple(R"({"dtype":"F16","shape":[2],"data_offsets":[0,8]})", "needs 4 bytes"),
        std::tuple(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})", "impossible shape"),
        std::tuple(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})", "impossible shape"),
        std::tuple(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", "impossible shape"),
        std::tuple(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", "impossible shape"),
        std::tuple(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", "shape"),
        std::tuple(R"({"dtype":"F33","shape":[2],"data_offsets":[0,9]})", "bytes 0 to 9 of 8"),
        std::tuple(R"({"dtype":"F33","shape":[-2],"data_offsets":[0,8]})", "impossible shape"),
        std::tuple(R"({"dtype":"F33","shape":[2],"data_offsets":[0,4]})", "belong to no tensor"),
        std::tuple(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})", "dtype"), std::tuple("[]", "dtype"),
        std::tuple(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})", "belong to no tensor"),
        std::tuple(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})", "belong to no tensor")));

TEST(SafetensorsTest, TensorsMustNotOverlapNorRepeat) {
  expect_refused(
      file_of(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          "12345678"),
      "a and b overlap");
  expect_refused(
      file_of(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          "12345678"),
      "twice");
}

// The same name in other letters is the same name.
TEST(SafetensorsTest, AnEscapedNameIsTheSameName) {
  expect_refused(
      file_of(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          "12345678"),
      "names the tensor a twice");
}

// An entry's fields may come in any order, twice, and among others that have their names further inside.
TEST(SafetensorsTest, OfARepeatedFieldTheLastCounts) {
  const std::string bytes = file_of(
      R"({"a":{"x":{"dtype":"F64","shape":[7]},"data_offsets":[0,8],"shape":[[3]],"dtype":"F32","shape":[2],"y":[1,"F64"]},)"
      R"("__metadata__":{"k":"no","l":"no","m":["no",{"k":"no"}],"k":"yes","l":4}})",
      "12345678");
  const auto file = parse(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->entries().size(), 1u);
  EXPECT_EQ(file->find("a")->dtype, "F32");
  EXPECT_EQ(file->find("a")->shape, std::vector<int64_t>{2});
  EXPECT_EQ(file->metadata(), (Safetensors::Metadata{{"k", "yes"}}));
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":2}})", "12345678"),
                 "no \"shape\"");
  expect_refused(file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"dtype":null}})", "12345678"),
                 "no \"dtype\"");
}

// Wherever they stand.
TEST(SafetensorsTest, OfWrongTensorsTheFirstByNameIsNamed) {
  expect_refused(file_of(R"({"c":7,"a":{"dtype":"F32"},"b":{}})", ""), "tensor a has no \"shape\"");
  expect_refused(file_of(R"({"c":7,"d":{},"c":7})", ""), "names the tensor c twice");
  expect_refused(file_of(R"({"c":7,"d":{},)", ""), "no JSON object");
}

TEST(SafetensorsTest, DimensionsAreCountedAsTheyStand) {
  const auto of = [](const std::string& shape) {
    return file_of("{\"a\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[0,4]}}", "1234");
  };
  EXPECT_TRUE(parse(of("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1")).ok());
  expect_refused(of("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), "has 17 dimensions; at most 16 are read");
  expect_refused(of("[1,2],1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,{}"), "has 17 dimensions; at most 16 are read");
  expect_refused(of("1,[1]"), "impossible shape");
}

// An extent that is no int64 stays one beside a zero, which makes the product small.
TEST(SafetensorsTest, AnExtentMustBeOneByItself) {
  for (const char* shape : {"[0,18446744073709551615]", "[18446744073709551615,0]", "[0,9223372036854775808]"}) {
    expect_refused(
        file_of(std::string("{\"a\":{\"dtype\":\"F32\",\"shape\":") + shape + ",\"data_offsets\":[0,0]}}", ""),
        "impossible shape");
  }
  EXPECT_TRUE(parse(file_of(R"({"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}})", "")).ok());
}

// A header of any length is legal, so that data may begin at any byte.
TEST(SafetensorsTest, MisalignedDataIsRead) {
  for (int spaces = 0; spaces < 8; ++spaces) {
    const std::string bytes = file_of(kTwo + std::string(static_cast<size_t>(spaces), ' '), kTwoData);
    const auto file = parse(bytes);
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_EQ(*to_float32("a", *file->find("a")), (std::vector<float>{1, -2})) << spaces;
    EXPECT_EQ(*to_float32("b", *file->find("b")), (std::vector<float>{1, -2})) << spaces;
  }
}

// What a file calls its tensors reaches a terminal: on one line, without escape sequences, and not a megabyte of it.
TEST(SafetensorsTest, HostileNamesDoNoHarmInMessages) {
  const auto message = [](const std::string& name) {
    return parse(file_of("{\"" + name + R"(":{"dtype":33,"shape":[1],"data_offsets":[0,4]}})", "1234"))
        .status()
        .message();
  };
  EXPECT_NE(message("red\\u001b[31m\\n").find("tensor red?[31m? has"), std::string::npos)
      << message("red\\u001b[31m\\n");
  EXPECT_LT(message(std::string(1 << 20, 'x')).size(), 300u);
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\u00fc";
  EXPECT_NE(message("x" + umlauts).find("\u00fc... has"), std::string::npos) << message("x" + umlauts);
}

// A file of one tensor of every type that a weight has, through the writer and back.
TEST(SafetensorsTest, EveryWeightsTypeGoesThereAndBack) {
  const TemporaryFolder folder;
  const std::vector<float> values = {0.0f, -0.0f, 1.0f, -2.5f, 0.15625f, 384.0f, -0x1p-14f};  // each exact in each type
  std::vector<TensorSource> tensors = {float32_tensor("F32", {7}, values)};
  for (const std::string type : {"F16", "BF16"}) {
    tensors.push_back(
        {type, type, {7, 1}, 2 * values.size(), [&values, type](size_t offset, std::span<std::byte> piece) {
           for (size_t i = 0; i < piece.size() / 2; ++i) {
             const float value = values[offset / 2 + i];
             const auto upper = static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
             const uint16_t bits = type == "F16" ? kernels::float16_from_float(value) : upper;
             std::memcpy(piece.data() + 2 * i, &bits, sizeof bits);
           }
         }});
  }
  ASSERT_TRUE(write_safetensors(folder.path("x.safetensors"), tensors).ok());
  const std::string bytes = folder.read("x.safetensors");
  EXPECT_EQ((bytes.size() - 8 * values.size()) % 8, 0u);  // the data is aligned
  const auto file = parse(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->entries().size(), 3u);
  for (const auto& [name, entry] : file->entries()) {
    EXPECT_EQ(entry.dtype, name);
    EXPECT_EQ(entry.elements(), 7);
    const auto read = to_float32(name, entry);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(std::memcmp(read->data(), values.data(), sizeof(float) * values.size()), 0)
        << name;  // the sign of zero too
  }
}

// More than the writer holds at once.
TEST(SafetensorsTest, ALargeTensorIsWrittenInPieces) {
  const TemporaryFolder folder;
  std::vector<float> values(3'000'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  ASSERT_TRUE(write_safetensors(folder.path("x.safetensors"), {float32_tensor("x", {1000, 3000}, values)}).ok());
  const std::string bytes = folder.read("x.safetensors");
  const auto file = parse(bytes);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(*to_float32("x", *file->find("x")), values);
}

// Of types that nobody here reads, some of less than a byte: the file is whole, and only who asks for one is refused.
TEST(FileWeightsTest, UnknownTypesHarmOnlyWhoAsksForThem) {
  for (const char* dtype : {"F8_E8M0", "F4", "F6_E2M3", "C64", "U128"}) {
    const TemporaryFolder folder;
    folder.write(
        "x.safetensors",
        file_of(std::string(R"({"odd":{"dtype":")") + dtype +
                    R"(","shape":[3],"data_offsets":[0,2]},"w":{"dtype":"F32","shape":[2],"data_offsets":[2,10]}})",
                std::string(10, '\0')));
    auto weights = FileWeights::open(folder.path("x.safetensors"));
    ASSERT_TRUE(weights.ok()) << weights.status().message();
    const int64_t two[] = {2}, three[] = {3};
    EXPECT_NE((*weights)->get("w", two).data, nullptr);
    EXPECT_TRUE((*weights)->status().ok());
    EXPECT_EQ((*weights)->get("odd", three).data, nullptr);
    EXPECT_NE((*weights)->status().message().find(std::string("odd is ") + dtype), std::string::npos)
        << (*weights)->status().message();
  }
}

TEST(SafetensorsTest, AnEmptyTensorHasNoValues) {
  const std::string bytes = file_of(R"({"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}})", "");
  const auto file = parse(bytes);
  EXPECT_TRUE(to_float32("e", *file->find("e"))->empty());
}

TEST(SafetensorsTest, NothingIsLeftWhereNothingCanBeWritten) {
  const TemporaryFolder folder;
  const std::vector<float> one = {1};
  EXPECT_EQ(write_safetensors(folder.path("none/x.safetensors"), {float32_tensor("x", {1}, one)}).code(),
            StatusCode::kNotFound);
  EXPECT_EQ(write_safetensors(folder.path(), {float32_tensor("x", {1}, one)}).code(), StatusCode::kIoError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SafetensorsTest, NumbersThatAreNone) {
  const std::string nan("\0\0\xc0\x7f", 4), large("\0\0\0\0\x01\0\0\0", 8);
  const std::string floats = file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", nan);
  const auto file = parse(floats);
  const Status status = to_float32("w", *file->find("w")).status();
  EXPECT_EQ(status.code(), StatusCode::kNonFinite);
  EXPECT_NE(status.message().find("w holds a NaN or an infinity at element 0"), std::string::npos) << status.message();
  const std::string integers = file_of(R"({"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", large);
  const auto other = parse(integers);
  EXPECT_NE(to_integers("i", *other->find("i")).status().message().find("holds 4294967296"), std::string::npos);
}

TEST(SafetensorsTest, WrittenFilesReadBack) {
  const TemporaryFolder folder;
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {-7};
  ASSERT_TRUE(write_safetensors(folder.path("x.safetensors"),
                                {float32_tensor("z.first", {2, 3}, a), float32_tensor("a.second", {1}, b)})
                  .ok());
  auto weights = FileWeights::open(folder.path("x.safetensors"));
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  const std::vector<int64_t> shape = {2, 3};
  const auto view = (*weights)->get("z.first", shape);
  ASSERT_TRUE((*weights)->status().ok()) << (*weights)->status().message();
  EXPECT_EQ(std::memcmp(view.data, a.data(), sizeof(float) * a.size()), 0);
}

TEST(FileWeightsTest, NamesWhatIsMissingAndBothShapes) {
  const TemporaryFolder folder;
  folder.write("x.safetensors", file_of(R"({"a":{"dtype":"I32","shape":[1,2],"data_offsets":[0,8]}})", "12345678"));
  const auto message = [&](const std::string& name, std::vector<int64_t> shape) {
    auto weights = FileWeights::open(folder.path("x.safetensors"));
    EXPECT_EQ((*weights)->get(name, shape).data, nullptr);
    EXPECT_EQ((*weights)->status().code(), StatusCode::kInvalidModel);
    return (*weights)->status().message();
  };
  EXPECT_NE(message("mid.weight", {3, 4}).find("x.safetensors lacks the tensor mid.weight (3, 4)"), std::string::npos);
  EXPECT_NE(message("a", {2, 1}).find("(1, 2); the configuration asks for (2, 1)"), std::string::npos);
  EXPECT_NE(message("a", {1, 2, 1}).find("(1, 2); the configuration asks for (1, 2, 1)"), std::string::npos);
  EXPECT_NE(message("a", {1, 2}).find("is I32"), std::string::npos);
}

TEST(FileWeightsTest, MissingFileFolderAndPipe) {
  const TemporaryFolder folder;
  EXPECT_EQ(FileWeights::open(folder.path("none.safetensors")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(FileWeights::open(folder.path()).status().code(), StatusCode::kIoError);
  EXPECT_EQ(FileWeights::open("/dev/null").status().code(), StatusCode::kIoError);
  folder.write("empty.safetensors", "");
  EXPECT_EQ(FileWeights::open(folder.path("empty.safetensors")).status().code(), StatusCode::kInvalidModel);
}

}  // namespace
}  // namespace mobilediffusion
