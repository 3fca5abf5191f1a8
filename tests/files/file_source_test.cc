// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Files from a folder, out of an open file, out of memory: the same bytes by the same names.
#include "src/files/file_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/descriptor.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

std::string text_of(const Result<MappedFile>& file) {
  if (!file.ok()) return "failed: " + file.status().message();
  return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The same three files each way.
class FileSourceTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    for (const auto& [name, text] : files_) {
      std::filesystem::create_directories(std::filesystem::path(folder_.path(name)).parent_path());
      if (kind == "folder") folder_.write(name, text);
    }
    if (kind == "folder") {
      root_ = folder_.path();
      return;
    }
    auto set = std::make_shared<FileSet>("package");
    if (kind == "memory") {
      for (const auto& [name, text] : files_) set->add(name, bytes_of(text));
    } else {
      std::string all(5, '-');  // so that nothing begins at a page
      for (const auto& [name, text] : files_) all += text + "-";
      folder_.write("package", all);
      const int descriptor = open_descriptor(folder_.path("package"));
      uint64_t offset = 5;
      for (const auto& [name, text] : files_) {
        EXPECT_TRUE(set->add(name, descriptor, offset, text.size()).ok());
        offset += text.size() + 1;
      }
      close_descriptor(descriptor);  // the set has its own
    }
    root_ = SourcePath(set, "");
  }

  const std::vector<std::pair<std::string, std::string>> files_ = {
      {"index.json", "{}"}, {"unet/config.json", "[1]"}, {"unet/weights", std::string(10000, 'w')}};
  TemporaryFolder folder_;
  SourcePath root_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, FileSourceTest, testing::Values("folder", "descriptor", "memory"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(FileSourceTest, OpensListsAndTellsFilesFromFolders) {
  for (const auto& [name, text] : files_) {
    EXPECT_EQ(text_of((root_ / name).open()), text);
    EXPECT_TRUE((root_ / name).exists());
    EXPECT_FALSE((root_ / name).is_folder());
  }
  EXPECT_TRUE(root_.is_folder());
  EXPECT_TRUE((root_ / "unet").is_folder());
  EXPECT_TRUE((root_ / "unet").exists());
  EXPECT_FALSE((root_ / "une").exists());
  EXPECT_FALSE((root_ / "unet/config").exists());
  EXPECT_EQ((root_ / "unet").list(), (std::vector<std::string>{"config.json", "weights"}));
  EXPECT_EQ((root_ / "vae").list(), std::vector<std::string>());
  const std::vector<std::string> top = root_.list();
  for (const char* name : {"index.json", "unet"}) EXPECT_EQ(std::count(top.begin(), top.end(), name), 1) << name;
}

TEST_P(FileSourceTest, WhatIsNotThereIsNamed) {
  for (const char* name : {"vae", "unet/weight", "unet/weights/below"}) {
    const auto file = (root_ / name).open();
    EXPECT_EQ(file.status().code(), StatusCode::kNotFound) << name;
    EXPECT_NE(file.status().message().find(root_.string() + "/" + name), std::string::npos) << file.status().message();
  }
  EXPECT_EQ((root_ / "unet").open().status().code(), StatusCode::kIoError);
}

TEST_P(FileSourceTest, DroppedPagesComeBack) {
  const auto file = (root_ / "unet/weights").open();
  file->drop(file->bytes().data(), file->bytes().size());
  EXPECT_EQ(text_of(file), files_[2].second);
}

// An app's package may be cut short, or its index may lie.
TEST(FileSetTest, PartsBeyondTheFileAreRefused) {
  const TemporaryFolder folder;
  folder.write("package", std::string(100, 'x'));
  const int descriptor = open_descriptor(folder.path("package"));
  FileSet set("package");
  for (const auto& [offset, size] : {std::pair<uint64_t, uint64_t>{90, 11}, {101, 1}, {~0ull, 2}, {2, ~0ull - 1}}) {
    ASSERT_TRUE(set.add("a", descriptor, offset, size).ok());
    const auto file = set.open("a");
    EXPECT_EQ(file.status().code(), StatusCode::kIoError) << offset;
    EXPECT_NE(file.status().message().find("package/a"), std::string::npos) << file.status().message();
  }
  ASSERT_TRUE(set.add("a", descriptor, 90, 10).ok());
  EXPECT_EQ(text_of(set.open("a")), std::string(10, 'x'));
  ASSERT_TRUE(set.add("a", descriptor, 100, 0).ok());
  EXPECT_EQ(set.open("a").status().code(), StatusCode::kInvalidModel);
  close_descriptor(descriptor);
  EXPECT_EQ(set.add("b", -1, 0, 1).code(), StatusCode::kIoError);
  set.add("c", std::span<const std::byte>());
  EXPECT_EQ(set.open("c").status().code(), StatusCode::kInvalidModel);
}

TEST(SourcePathTest, JoinsAndParts) {
  EXPECT_EQ((SourcePath("a") / "b/c").name(), "a/b/c");
  EXPECT_EQ((SourcePath("a/") / "b").name(), "a/b");
  EXPECT_EQ((SourcePath("") / "b").name(), "b");
  EXPECT_EQ((SourcePath("/") / "b").name(), "/b");
  EXPECT_EQ(SourcePath("/b").sibling("c").name(), "/c");
  EXPECT_EQ(SourcePath("b").sibling("c").name(), "c");
  EXPECT_EQ(SourcePath("a/b").sibling("c").name(), "a/c");
  EXPECT_EQ(SourcePath("a/b").leaf(), "b");
  EXPECT_EQ(SourcePath("b").leaf(), "b");
}

// Which file it is and which state of it: told without reading.
TEST(MappedFileTest, IdentityTellsFilesAndPartsApart) {
  const TemporaryFolder folder;
  folder.write("a", "same");
  folder.write("b", "same");
  // Whole seconds, which every system and library can set.
  const auto time = std::chrono::floor<std::chrono::seconds>(std::filesystem::last_write_time(folder.path("a"))) -
                    std::chrono::hours(1);
  std::filesystem::last_write_time(folder.path("a"), time);
  const auto identity = [&](const char* leaf) { return *MappedFile::open(folder.path(leaf))->identity(); };
  const FileIdentity before = identity("a");
  EXPECT_EQ(before, identity("a"));
  EXPECT_NE(before, identity("b"));
  // Other bytes at an unchanged time, as Nix and container images have them.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  folder.write("a", "else");
  std::filesystem::last_write_time(folder.path("a"), time);
  EXPECT_EQ(identity("a").modified, before.modified);
  EXPECT_EQ(identity("a").size, before.size);
  EXPECT_NE(identity("a"), before);

  // Both count from 1970.
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  const std::chrono::nanoseconds minute = std::chrono::minutes(1), hour = std::chrono::hours(1);
  EXPECT_NEAR(static_cast<double>(identity("a").changed), static_cast<double>(now.count()),
              static_cast<double>(minute.count()));
  EXPECT_NEAR(static_cast<double>(identity("a").modified), static_cast<double>((now - hour).count()),
              static_cast<double>(minute.count()));

  const int descriptor = open_descriptor(folder.path("a"));
  FileSet set("set");
  ASSERT_TRUE(set.add("first", descriptor, 0, 2).ok());
  ASSERT_TRUE(set.add("second", descriptor, 2, 2).ok());
  close_descriptor(descriptor);
  EXPECT_NE(*set.open("first")->identity(), *set.open("second")->identity());
  const std::string memory = "bytes";
  set.add("memory", bytes_of(memory));
  EXPECT_FALSE(set.open("memory")->identity());
}

}  // namespace
}  // namespace mobilediffusion
