// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Models in Hugging Face's cache, and what models are called wherever they lie.
#include "src/model/hub_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "src/model/model_folder.h"
#include "src/model/model_names.h"
#include "tests/small_model.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

class HubFolderTest : public testing::Test {
 protected:
  // A snapshot with a small model in it.
  void add_snapshot(const std::string& revision) {
    fs::create_directories(hub_ + "/snapshots");
    fs::copy(model_.path(), hub_ + "/snapshots/" + revision, fs::copy_options::recursive);
  }
  void set_main(const std::string& text) {
    fs::create_directories(hub_ + "/refs");
    folder_.write("models--someone--small-one/refs/main", text);
  }

  const SmallModel model_;
  const TemporaryFolder folder_;
  const std::string hub_ = folder_.path("models--someone--small-one");
};

TEST_F(HubFolderTest, TheOnlySnapshotIsMeant) {
  add_snapshot("0123abc");
  for (const std::string& path : {hub_, hub_ + "/", hub_ + "/snapshots", hub_ + "/snapshots/0123abc"}) {
    const auto model = open_model_folder(path);
    ASSERT_TRUE(model.ok()) << path << ": " << model.status().message();
    EXPECT_EQ(model->name, "small-one") << path;
    EXPECT_EQ(model->path.leaf(), "0123abc") << path;
  }
}

TEST_F(HubFolderTest, OfSeveralTheOneThatRefsNames) {
  add_snapshot("0123abc");
  add_snapshot("4567def");
  const auto several = open_model_folder(hub_);
  EXPECT_EQ(several.status().code(), StatusCode::kNotFound);
  EXPECT_NE(several.status().message().find("0123abc, 4567def"), std::string::npos) << several.status().message();
  for (const char* text : {"4567def", "4567def\n"}) {
    set_main(text);
    const auto model = open_model_folder(hub_);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model->path.leaf(), "4567def");
  }
  for (const char* text : {"../..", "/etc", "gone"}) {
    set_main(text);
    EXPECT_EQ(open_model_folder(hub_).status().code(), StatusCode::kNotFound) << text;
  }
}

TEST_F(HubFolderTest, WhatIsThereIsSaid) {
  fs::create_directories(hub_ + "/snapshots");
  EXPECT_NE(open_model_folder(hub_).status().message().find("no snapshot"), std::string::npos);
  add_snapshot("0123abc");
  const Status whole = open_model_folder(folder_.path()).status();  // the cache itself
  EXPECT_EQ(whole.code(), StatusCode::kNotFound);
  EXPECT_NE(whole.message().find("it holds the models models--someone--small-one"), std::string::npos)
      << whole.message();
  const TemporaryFolder alone;
  alone.write("v1-5.safetensors", "x");
  const Status file = open_model_folder(alone.path()).status();
  EXPECT_NE(file.message().find("it holds v1-5.safetensors"), std::string::npos) << file.message();
}

TEST_F(HubFolderTest, AnAutoencoderMayComeFromThere) {
  add_snapshot("0123abc");
  const TemporaryFolder other;
  const std::string hub = other.path("models--someone--vae");
  fs::create_directories(hub + "/snapshots");
  fs::copy(model_.path() + "/vae", hub + "/snapshots/1", fs::copy_options::recursive);
  const auto model = open_model_folder(hub_, hub);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->vae_folder.string(), hub + "/snapshots/1");
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST_F(HubFolderTest, EveryNameOnTheWayCounts) {
  add_snapshot("0123abc");
  std::error_code error;
  fs::create_directory_symlink(hub_ + "/snapshots/0123abc", folder_.path("middle"), error);
  fs::create_directory_symlink("middle", folder_.path("sdxs"), error);
  if (error) GTEST_SKIP() << "no symbolic links here: " << error.message();
  const std::vector<std::string> names = names_of(folder_.path("sdxs") + "/");
  for (const char* name : {"sdxs", "middle", "0123abc", "someone/small-one"})
    EXPECT_TRUE(contains(names, name)) << name;
  EXPECT_EQ(names.front(), "sdxs");
  EXPECT_EQ(display_name(folder_.path("sdxs")), "small-one");
}

}  // namespace
}  // namespace mobilediffusion
