// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/embedding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace mobilediffusion {
namespace {

using kernels::DataType;

// One table of three rows of two.
class Table : public WeightSource {
 public:
  Table(DataType type, const std::vector<uint16_t>& bits) : type_(type), bytes_(bits.size() * 2) {
    std::memcpy(bytes_.data(), bits.data(), bytes_.size());
  }
  explicit Table(const std::vector<float>& values) : type_(DataType::kFloat32), bytes_(values.size() * 4) {
    std::memcpy(bytes_.data(), values.data(), bytes_.size());
  }

  Table(const std::vector<int8_t>& values, std::vector<float> scales)
      : type_(DataType::kInt8), bytes_(values.size()), scales_(std::move(scales)) {
    std::memcpy(bytes_.data(), values.data(), values.size());
  }

  kernels::WeightView get(const std::string&, std::span<const int64_t> shape) override {
    kernels::WeightView view;
    view.data = bytes_.data();
    view.type = type_;
    view.shape.assign(shape.begin(), shape.end());
    view.scales = scales_;
    return view;
  }

 private:
  DataType type_;
  std::vector<std::byte> bytes_;
  std::vector<float> scales_;
};

void expect_rows(Table table) {
  const Embedding embedding(Scope(table, "text_encoder", kernels::Precision::kFloat32), 3, 2);
  ASSERT_TRUE(table.status().ok()) << table.status().message();
  float row[2] = {10, 20};
  embedding.add_row(2, row);
  EXPECT_EQ(row[0], 10 - 1.5f);
  EXPECT_EQ(row[1], 20 + 4.0f);
  embedding.add_row(0, row);
  EXPECT_EQ(row[0], 10 - 1.5f + 1.0f);
  EXPECT_EQ(row[1], 24 + 0.5f);
}

TEST(Embedding, AddsRowsOfEveryType) {
  expect_rows(Table({1.0f, 0.5f, 0, 0, -1.5f, 4.0f}));
  expect_rows(Table(DataType::kFloat16, {0x3c00, 0x3800, 0, 0, 0xbe00, 0x4400}));
  expect_rows(Table(std::vector<int8_t>{4, 2, 0, 0, -3, 8}, {0.25f, 7.0f, 0.5f}));
  expect_rows(Table(DataType::kBFloat16, {0x3f80, 0x3f00, 0, 0, 0xbfc0, 0x4080}));
}

TEST(Embedding, KeepsItsTableBesidePackedWeights) {
  kernels::PackedWeights kept;
  Table table({1.0f, 0.5f, 0, 0, -1.5f, 4.0f});
  const kernels::Packing packing(kernels::Precision::kFloat32, &kept);
  { const Embedding embedding(Scope(table, "text", packing) / "tokens", 3, 2); }
  ASSERT_TRUE(kept.contains("text.tokens"));
  EXPECT_TRUE(kept.grown());

  kernels::PackedWeights found;
  found.add("text.tokens", kept.entries().at("text.tokens"));
  Table other({7, 7, 7, 7, 7, 7});
  const Embedding embedding(Scope(other, "text", {kernels::Precision::kFloat32, &found}) / "tokens", 3, 2);
  float row[2] = {};
  embedding.add_row(2, row);
  EXPECT_EQ(row[0], -1.5f);
  EXPECT_EQ(row[1], 4.0f);
  EXPECT_FALSE(found.grown() || found.mismatched());
}

TEST(Embedding, SaysThatWhatWasKeptIsOfAnotherTypeOrSize) {
  kernels::PackedWeights kept;
  Table table({1.0f, 0.5f, 0, 0, -1.5f, 4.0f}), halves(DataType::kFloat16, {0x3c00, 0x3800, 0, 0, 0xbe00, 0x4400});
  { const Embedding embedding(Scope(table, "text", {kernels::Precision::kFloat32, &kept}) / "tokens", 3, 2); }
  const Embedding embedding(Scope(halves, "text", {kernels::Precision::kFloat32, &kept}) / "tokens", 3, 2);
  EXPECT_TRUE(kept.mismatched());
  EXPECT_TRUE(halves.status().ok()) << halves.status().message();
}

TEST(Embedding, RefusesWhatIsNotFinite) {
  Table table({1, 2, 3, std::numeric_limits<float>::quiet_NaN(), 5, 6});
  const Embedding embedding(Scope(table, "text_encoder", kernels::Precision::kFloat32) / "token_embedding", 3, 2);
  EXPECT_EQ(table.status().code(), StatusCode::kNonFinite);
  EXPECT_NE(table.status().message().find("token_embedding.weight"), std::string::npos) << table.status().message();
}

}  // namespace
}  // namespace mobilediffusion
