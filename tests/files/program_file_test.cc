// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Programs with a packed model behind them, and files that end as if they were some.
#include "src/files/program_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "src/files/packed_model.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

const std::string kElf =
    "\x7f"
    "ELF and the program's bytes";

std::string number(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string model_called(const std::string& name) {
  const std::string header = R"({"__metadata__":{"mobilediffusion_pack":"1","model":")" + name + R"("},)" +
                             R"("files/a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";
  return number(header.size()) + header + "abc";
}

class ProgramFileTest : public testing::Test {
 protected:
  Status make(const std::string& program, const std::string& out, const std::string& model) const {
    Result<AtomicFile> file = AtomicFile::open(folder_.path(out));
    if (!file.ok()) return file.status();
    const Result<uint64_t> begin = write_program(*file, folder_.path(program));
    if (!begin.ok()) return begin.status();
    EXPECT_EQ(*begin % 64, 0u);
    Status status = file->write(model.data(), model.size());
    if (status.ok()) status = end_program(*file, *begin);
    return status.ok() ? file->commit() : status;
  }

  void expect_damaged(const std::string& content, const std::string& saying) const {
    folder_.write("damaged", content);
    EXPECT_TRUE(claims_to_be_packed(folder_.path("damaged")));
    EXPECT_TRUE(holds_packed_model(folder_.path("damaged")));
    const auto model = open_packed_model(folder_.path("damaged"));
    ASSERT_FALSE(model.ok());
    EXPECT_EQ(model.status().code(), StatusCode::kInvalidModel);
    EXPECT_NE(model.status().message().find(folder_.path("damaged")), std::string::npos) << model.status().message();
    EXPECT_NE(model.status().message().find(saying), std::string::npos) << model.status().message();
  }

  const TemporaryFolder folder_;
};

TEST_F(ProgramFileTest, IsTheProgramAndTheModel) {
  for (const std::string& program : {kElf, kElf + std::string(64 - kElf.size(), '.'), "MZ" + std::string(1000, '.')}) {
    folder_.write("program", program);
    EXPECT_FALSE(claims_to_be_packed(folder_.path("program")));
    const Status status = make("program", "out", model_called("boats"));
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(folder_.read("out").starts_with(program));
    EXPECT_TRUE(claims_to_be_packed(folder_.path("out")));
    const auto model = open_packed_model(folder_.path("out"));
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ((*model)->names(), std::vector<std::string>{"boats"});
    EXPECT_EQ(*read_text_file(SourcePath(*model, "a")), "abc");
    EXPECT_NE(fs::status(folder_.path("out")).permissions() & fs::perms::owner_exec, fs::perms::none);
  }
}

TEST_F(ProgramFileTest, AnotherModelTakesTheFirstOnesPlace) {
  folder_.write("program", kElf);
  ASSERT_TRUE(make("program", "first", model_called("boats")).ok());
  ASSERT_TRUE(make("first", "second", model_called("cats")).ok());
  ASSERT_TRUE(make("second", "second", model_called("boats")).ok());  // onto itself
  EXPECT_EQ(folder_.read("second"), folder_.read("first"));
}

TEST_F(ProgramFileTest, EndsThatLieAreNamed) {
  const std::string start = kElf + std::string(128 - kElf.size(), '.');
  const std::string model = model_called("boats");
  for (const uint64_t begin : {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{192} * 1000, uint64_t{1} << 63,
                               UINT64_MAX, 128 + (model.size() + 63) / 64 * 64})
    expect_damaged(start + model + number(begin) + "MDIFFEND", "begins at byte " + std::to_string(begin));
  expect_damaged(start + number(128) + "MDIFFEND", "begins at byte 128");  // and has no bytes
  expect_damaged(start + "x" + number(128) + "MDIFFEND", "");
  expect_damaged(start + model + number(64) + "MDIFFEND", "");
  expect_damaged("no program" + std::string(118, '.') + number(64) + "MDIFFEND", "");
  for (size_t size = 1; size < model.size(); ++size)
    expect_damaged(start + model.substr(0, size) + number(128) + "MDIFFEND", "");
  expect_damaged(number(0) + "MDIFFEND", "begins at byte 0");
}

TEST_F(ProgramFileTest, OtherEndsAreNone) {
  const std::string whole = kElf + std::string(64 - kElf.size(), '.') + model_called("boats") + number(64) + "MDIFFEND";
  for (const std::string& content : {whole + "x", whole.substr(0, whole.size() - 1), std::string("MDIFFEND")}) {
    folder_.write("other", content);
    EXPECT_FALSE(claims_to_be_packed(folder_.path("other")));
    EXPECT_FALSE(open_packed_model(folder_.path("other")).ok());
  }
  // A packed model whose last weight happens to end like that.
  std::string unlucky = model_called("boats");
  unlucky.replace(unlucky.find("[3]"), 3, "[16]");
  unlucky.replace(unlucky.find("[0,3]"), 5, "[0,16]");
  unlucky = number(unlucky.size() - 8 - 3) + unlucky.substr(8, unlucky.size() - 8 - 3) + number(64) + "MDIFFEND";
  folder_.write("unlucky", unlucky);
  EXPECT_TRUE(open_packed_model(folder_.path("unlucky")).ok());
}

TEST_F(ProgramFileTest, WhatIsNoProgramIsNamed) {
  const auto expect_refused = [&](const std::string& content, StatusCode code, const std::string& saying) {
    folder_.write("program", content);
    const Status status = make("program", "out", model_called("boats"));
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(saying), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(folder_.path("program")), std::string::npos) << status.message();
    EXPECT_FALSE(fs::exists(folder_.path("out")));
  };
  expect_refused("#!/bin/sh\n", StatusCode::kInvalidArgument, "no program");
  expect_refused(
      "\xcf\xfa\xed\xfe"
      "and more",
      StatusCode::kUnsupported, "macOS");
  expect_refused(kElf + number(64) + "MDIFFEND", StatusCode::kInvalidModel, "begins at byte 64");
  expect_refused("", StatusCode::kInvalidModel, "empty");
  fs::remove(folder_.path("program"));
  EXPECT_EQ(make("program", "out", "").code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace mobilediffusion
