// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Each operation on files fails once: while the default model is loaded, while its packed weights are kept, while a
// picture is saved. What comes of it is a Status or the same picture, never a crash and never half a file.
#include "src/files/file_faults.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/pipeline.h"
#include "tests/small_model.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

const std::string kModel = MOBILEDIFFUSION_DEFAULT_MODEL_DIR;

std::atomic<int> seen = 0, fatal = 0;  // the operation of that number fails, counted from 1
std::atomic<int> error = EIO;

int fail_any(FileOperation /*operation*/) { return ++seen == fatal ? error.load() : 0; }
int fail_write(FileOperation operation) { return operation == FileOperation::kWrite ? fail_any(operation) : 0; }
int fail_other(FileOperation operation) { return operation != FileOperation::kWrite ? fail_any(operation) : 0; }

// Runs `body` with its n-th operation failing for n = 1, 1 + step, ... until there is none of that number.
template <typename Body>
int fail_each(int with, Body&& body, FileFaultHook hook = &fail_any, int step = 1) {
  error = with;
  for (int n = 1;; n += step) {
    seen = 0;
    fatal = n;
    set_file_fault_hook(hook);
    body(n);
    set_file_fault_hook(nullptr);
    if (seen < n) return seen;
  }
}

void expect_only(const std::string& folder, const std::vector<std::string>& leaves) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path().filename().string());
  EXPECT_EQ(found, leaves);
}

TEST(FileFaultsTest, LoadingTheDefaultModel) {
  for (const auto& [with, code] : {std::pair{EIO, StatusCode::kIoError}, std::pair{ENOMEM, StatusCode::kOutOfMemory}}) {
    const int operations = fail_each(with, [&, expected = code](int n) {
      const auto pipeline = Pipeline::load(kModel, {.threads = 1, .precision = Precision::kInt8});
      if (seen < n) {
        EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
        return;
      }
      EXPECT_EQ(pipeline.status().code(), expected) << "operation " << n << ": " << pipeline.status().message();
      EXPECT_NE(pipeline.status().message().find(kModel), std::string::npos) << pipeline.status().message();
    });
    EXPECT_GE(operations, 30);  // three a file
  }
}

TEST(FileFaultsTest, KeepingPackedWeights) {
  const SmallModel model;
  const auto draw = [&](const std::string& cache, std::vector<uint8_t>* pixels) {
    const LoadOptions options{.threads = 1, .precision = Precision::kInt8, .cache_folder = cache};
    auto loaded = Pipeline::load(model.path(), options);
    if (!loaded.ok()) return loaded.status();
    auto image = loaded->generate("two red boats");
    EXPECT_TRUE(image.ok()) << image.status().message();
    if (image.ok()) *pixels = image->pixels;
    return Status();
  };
  std::vector<uint8_t> truth;
  ASSERT_TRUE(draw("", &truth).ok());
  const TemporaryFolder folder;
  int kept = 0;
  const auto run = [&](int n) {
    const std::string cache = folder.path(std::to_string(n));
    for (int round = 0; round < 2; ++round) {  // made, and read back
      std::vector<uint8_t> pixels;
      const Status status = draw(cache, &pixels);
      if (status.ok()) {
        EXPECT_TRUE(pixels == truth) << "operation " << n;
        ++kept;
      } else {
        EXPECT_EQ(status.code(), StatusCode::kIoError) << "operation " << n << ": " << status.message();
      }
      if (!fs::exists(cache)) continue;
      for (const auto& entry : fs::directory_iterator(cache))
        EXPECT_FALSE(entry.path().filename().string().starts_with(".mobilediffusion-")) << entry.path();
    }
    fs::remove_all(cache);
  };
  // Of the many writes, one a tensor, a few.
  const int operations = fail_each(EIO, run, &fail_other);
  EXPECT_GT(operations, 60);
  EXPECT_GT(fail_each(EIO, run, &fail_write, 29), 60);
  EXPECT_GT(kept, operations);  // more than half: a cache that fails is no reason to fail
}

TEST(FileFaultsTest, SavingAPicture) {
  const TemporaryFolder folder;
  Image image;
  image.width = image.height = 2;
  image.pixels.assign(12, 100);
  const std::string path = folder.path("a.png");
  for (const bool replacing : {false, true}) {
    std::string before;
    if (replacing) {
      ASSERT_TRUE(image.save(path).ok());
      before = folder.read("a.png");
      image.pixels.assign(12, 200);
    }
    const int operations = fail_each(ENOSPC, [&](int n) {
      const Status status = image.save(path);
      if (seen < n) {
        EXPECT_TRUE(status.ok()) << status.message();
        return;
      }
      EXPECT_EQ(status.code(), StatusCode::kIoError) << "operation " << n;
      EXPECT_NE(status.message().find(path), std::string::npos) << status.message();
      EXPECT_NE(status.message().find("No space left"), std::string::npos) << status.message();
      expect_only(folder.path(), replacing ? std::vector<std::string>{"a.png"} : std::vector<std::string>());
      EXPECT_EQ(folder.read("a.png"), before);
    });
    EXPECT_EQ(operations, 5);  // open, write, flush, close, rename
    fs::remove(path);
  }
}

TEST(FileFaultsTest, ReadingAPicture) {
  const TemporaryFolder folder;
  Image image;
  image.width = image.height = 2;
  image.pixels.assign(12, 100);
  ASSERT_TRUE(image.save(folder.path("a.png")).ok());
  const int operations = fail_each(EIO, [&](int n) {
    const auto read = read_image(folder.path("a.png"));
    EXPECT_EQ(read.status().code(), seen < n ? StatusCode::kOk : StatusCode::kIoError);
    const auto provenance = read_provenance(folder.path("a.png"));
    EXPECT_TRUE(read.ok() || provenance.ok());  // the fault was used up
  });
  EXPECT_EQ(operations, 4);  // open and read, twice
}

}  // namespace
}  // namespace mobilediffusion
