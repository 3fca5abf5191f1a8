// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Packed weights that outlive a process: the same picture from them, whatever happened to their files.
#include "src/weights/packed_cache.h"

#include <gtest/gtest.h>

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "mobilediffusion/pipeline.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

class PackedCacheTest : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (GetParam() == Precision::kFloat16 && !kernels::computes_float16()) GTEST_SKIP() << "not on this processor";
  }

  LoadOptions options() {
    LoadOptions options{.threads = 1, .precision = GetParam(), .cache_folder = cache_};
    options.log = [this](LogLevel, std::string_view note) { notes_.emplace_back(note); };
    return options;
  }

  // A picture of the model as `options` load it.
  std::vector<uint8_t> draw(const LoadOptions& options) const {
    auto pipeline = Pipeline::load(model_.path(), options);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    if (!pipeline.ok()) return {};
    const auto image = pipeline->generate("a boat");
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? image->pixels : std::vector<uint8_t>();
  }

  std::vector<uint8_t> draw_uncached() const { return draw({.threads = 1, .precision = GetParam()}); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(cache_)) {
      if (entry.path().extension() != ".seen") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // What every damage has to come to: a picture none the worse, a note that says `saying`, whole files again.
  void expect_made_anew(const std::vector<uint8_t>& truth, const std::string& saying) {
    notes_.clear();
    EXPECT_EQ(draw(options()), truth);
    ASSERT_FALSE(notes_.empty());
    EXPECT_NE(notes_[0].find(saying), std::string::npos) << notes_[0];
    EXPECT_NE(notes_[0].find(cache_), std::string::npos) << notes_[0];
    notes_.clear();
    EXPECT_EQ(draw(options()), truth);
    EXPECT_TRUE(notes_.empty()) << notes_[0];
  }

  const SmallModel model_;
  const TemporaryFolder folder_;
  const std::string cache_ = folder_.path("cache");
  std::vector<std::string> notes_;
};

INSTANTIATE_TEST_SUITE_P(Precisions, PackedCacheTest,
                         testing::Values(Precision::kFloat32, Precision::kFloat16, Precision::kInt8));

TEST_P(PackedCacheTest, DrawsTheSameFromItAsWithoutIt) {
  const std::vector<uint8_t> truth = draw_uncached();
  EXPECT_EQ(draw(options()), truth);
  const auto made = files();
  ASSERT_EQ(made.size(), 3u);  // a network each
  const auto written = fs::last_write_time(made[0]);
  const auto size = fs::file_size(made[0]);
  EXPECT_EQ(draw(options()), truth);
  EXPECT_EQ(files(), made);
  EXPECT_EQ(fs::file_size(made[0]), size);
  EXPECT_GE(fs::last_write_time(made[0]), written);  // touched: it was used
  EXPECT_TRUE(notes_.empty()) << notes_[0];
}

TEST_P(PackedCacheTest, StreamsTheSamePictures) {
  const std::vector<uint8_t> truth = draw_uncached();
  for (const std::string& folder : {std::string(), cache_, cache_}) {
    LoadOptions streamed = options();
    streamed.memory = MemoryUse::kStream;
    streamed.cache_folder = folder;
    auto pipeline = Pipeline::load(model_.path(), streamed);
    ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
    for (int i = 0; i < 2; ++i) {
      const auto image = pipeline->generate("a boat");
      ASSERT_TRUE(image.ok()) << image.status().message();
      EXPECT_EQ(image->pixels, truth);
    }
  }
}

TEST_P(PackedCacheTest, KeepsPrecisionsAndModelsApart) {
  draw(options());
  LoadOptions other = options();
  other.precision = GetParam() == Precision::kInt8 ? Precision::kFloat32 : Precision::kInt8;
  draw(other);
  EXPECT_EQ(files().size(), 6u);
  // Weights that changed where they lie: nothing stale is drawn from.
  const std::string leaf = "vae/diffusion_pytorch_model.safetensors";
  std::string weights = model_.read(leaf);
  std::string& last = weights;
  for (size_t i = 2; i <= 400; i += 4) last[last.size() - i] ^= 0x40;
  model_.write(leaf, weights);
  EXPECT_EQ(draw(options()), draw_uncached());
  EXPECT_EQ(files().size(), 7u);
}

// As in images of Nix and of containers, whose files all have one time: a change in the middle of the weights.
TEST_P(PackedCacheTest, ChangedBytesAtAnUnchangedTimeAreSeen) {
  const std::string leaf = "unet/diffusion_pytorch_model.safetensors", path = model_.path() + "/" + leaf;
  // Whole seconds, which every system and library can set.
  const auto time = std::chrono::floor<std::chrono::seconds>(fs::last_write_time(path));
  fs::last_write_time(path, time);
  draw(options());
  std::this_thread::sleep_for(std::chrono::seconds(3));
  draw(options());  // by now it is remembered which files these are
  std::string weights = model_.read(leaf);
  for (size_t i = 0; i < 8192; i += 4) weights[weights.size() / 2 / 4 * 4 + i + 2] ^= 0x40;
  model_.write(leaf, weights);
  fs::last_write_time(path, time);
  EXPECT_EQ(fs::last_write_time(path), time);
  EXPECT_EQ(draw(options()), draw_uncached());
  EXPECT_EQ(files().size(), 4u);
}

// Another copy of the same bytes is read once, and what was packed serves it.
TEST_P(PackedCacheTest, TheSameBytesElsewhereAreTheSame) {
  const std::vector<uint8_t> truth = draw(options());
  const auto made = files();
  const std::string path = model_.path() + "/unet/diffusion_pytorch_model.safetensors";
  fs::copy_file(path, path + ".copy");
  fs::rename(path + ".copy", path);
  EXPECT_EQ(draw(options()), truth);
  EXPECT_EQ(files(), made);
}

// Files that stayed what they were are not read: what is remembered of them is believed, right or wrong.
TEST_P(PackedCacheTest, UnchangedFilesAreNotReadAgain) {
  draw(options());
  std::this_thread::sleep_for(std::chrono::seconds(3));
  draw(options());
  size_t remembered = 0;
  for (const auto& entry : fs::directory_iterator(cache_)) {
    if (entry.path().extension() != ".seen") continue;
    const std::string leaf = "cache/" + entry.path().filename().string();
    std::string text = folder_.read(leaf);
    text.back() = text.back() == '0' ? '1' : '0';
    folder_.write(leaf, text);
    ++remembered;
  }
  EXPECT_EQ(remembered, 3u);
  EXPECT_EQ(draw(options()), draw_uncached());
  EXPECT_EQ(files().size(), 6u);  // packed anew under what was remembered
}

TEST_P(PackedCacheTest, DamagedFilesAreMadeAnew) {
  const std::vector<uint8_t> truth = draw(options());
  for (const fs::path& path : files()) {
    const std::string leaf = "cache/" + path.filename().string();
    const std::string whole = folder_.read(leaf);

    std::string flipped = whole;  // one bit of the last weights
    flipped[flipped.size() - 100] ^= 1;
    folder_.write(leaf, flipped);
    expect_made_anew(truth, "checksum");

    for (const size_t size : {size_t{0}, size_t{7}, whole.size() / 2, whole.size() - 1}) {
      folder_.write(leaf, whole.substr(0, size));
      expect_made_anew(truth, "made anew");
    }
    folder_.write(leaf, std::string(1000, 'x'));
    expect_made_anew(truth, "made anew");
    EXPECT_TRUE(folder_.read(leaf) == whole);
  }
}

// Whole by its sums, yet of other operators: it must not be multiplied with.
TEST_P(PackedCacheTest, FilesOfAnotherNetworkAreMadeAnew) {
  const std::vector<uint8_t> truth = draw(options());
  const auto made = files();
  ASSERT_EQ(made.size(), 3u);
  const std::string decoder = folder_.read("cache/" + made[0].filename().string());
  fs::copy_file(made[2], made[0], fs::copy_options::overwrite_existing);
  expect_made_anew(truth, "not those of this network");
  EXPECT_TRUE(folder_.read("cache/" + made[0].filename().string()) == decoder);

  // The right names with too few bytes.
  kernels::PackedWeights packed, crossed;
  const PackedCache cache(cache_, uint64_t{1} << 30);
  const auto mapped = cache.read({.path = made[0].string(), .memory_path = "", .memory = ""}, packed);
  ASSERT_TRUE(mapped.ok() && *mapped);
  for (const auto& [name, entry] : packed.entries()) {
    kernels::PackedWeights::Entry shorter = entry;
    shorter.bytes = entry.bytes.first(std::min<size_t>(64, entry.bytes.size()));
    crossed.add(name, shorter);
  }
  ASSERT_TRUE(cache.write({.path = made[0].string(), .memory_path = "", .memory = ""}, crossed).ok());
  expect_made_anew(truth, "not those of this network");
  EXPECT_TRUE(folder_.read("cache/" + made[0].filename().string()) == decoder);
}

// How XNNPACK rounds its sizes depends on the processor; in the file each entry is aligned all the same.
TEST(PackedCacheEntries, OfAnySizeComeBackAligned) {
  const TemporaryFolder folder;
  const PackedCache cache(folder.path("cache"), uint64_t{1} << 20);
  const PackedCache::Place place{.path = folder.path("cache/odd.packed"), .memory_path = "", .memory = ""};
  kernels::PackedWeights written;
  std::vector<std::vector<std::byte>> entries;
  for (const size_t size : {size_t{1}, size_t{16}, size_t{63}, size_t{64}, size_t{65}, size_t{0}, size_t{100}}) {
    entries.emplace_back(size, static_cast<std::byte>(size + 1));
    ASSERT_EQ(written.keep("entry " + std::to_string(size), static_cast<uint32_t>(size), entries.back()).size(), size);
  }
  const Status status = cache.write(place, written);
  ASSERT_TRUE(status.ok()) << status.message();

  kernels::PackedWeights packed;
  const auto mapped = cache.read(place, packed);
  ASSERT_TRUE(mapped.ok()) << mapped.status().message();
  ASSERT_EQ(packed.entries().size(), entries.size());
  for (const std::vector<std::byte>& entry : entries) {
    const auto found = packed.entries().find("entry " + std::to_string(entry.size()));
    ASSERT_NE(found, packed.entries().end());
    EXPECT_EQ(found->second.layout, entry.size());
    EXPECT_TRUE(std::ranges::equal(found->second.bytes, entry));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(found->second.bytes.data()) % kernels::PackedWeights::kAlignment, 0u);
  }
}

TEST_P(PackedCacheTest, StaysWithinItsBound) {
  draw(options());
  uint64_t needed = 0;
  for (const fs::path& path : files()) {
    needed += fs::file_size(path);
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  folder_.write("cache/readme.txt", "somebody else's");
  LoadOptions other = options();
  other.precision = GetParam() == Precision::kInt8 ? Precision::kFloat32 : Precision::kInt8;
  other.cache_bytes = needed + needed / 2;
  draw(other);
  uint64_t kept = 0;
  for (const fs::path& path : files()) kept += path.extension() == ".packed" ? fs::file_size(path) : 0;
  EXPECT_LE(kept, other.cache_bytes + (uint64_t{1} << 16));
  EXPECT_GT(kept, 0u);
  EXPECT_EQ(folder_.read("cache/readme.txt"), "somebody else's");

  other.cache_bytes = 1;
  other.cache_folder = folder_.path("small");
  notes_.clear();
  EXPECT_FALSE(draw(other).empty());
  ASSERT_EQ(notes_.size(), 3u);
  EXPECT_NE(notes_[0].find("the cache may have"), std::string::npos) << notes_[0];
  EXPECT_FALSE(fs::exists(folder_.path("small")));
}

TEST_P(PackedCacheTest, LeftoversOfACrashAreRemoved) {
  draw(options());
  const std::string old = cache_ + "/.mobilediffusion-0123456789abcdef-0.tmp";
  const std::string fresh = cache_ + "/.mobilediffusion-0123456789abcdef-1.tmp";
  for (const std::string& path : {old, fresh}) folder_.write("cache/" + fs::path(path).filename().string(), "half");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));
  fs::remove(files().back());
  draw(options());
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));  // another process may be at it
}

TEST_P(PackedCacheTest, WhereNothingCanBeKeptItOnlySaysSo) {
  const std::vector<uint8_t> truth = draw_uncached();
  folder_.write("file", "");
  for (const std::string& nowhere : {folder_.path("file"), folder_.path("file/below")}) {
    LoadOptions lost = options();
    lost.cache_folder = nowhere;
    notes_.clear();
    EXPECT_EQ(draw(lost), truth);
    ASSERT_FALSE(notes_.empty()) << nowhere;
    EXPECT_NE(notes_[0].find(nowhere), std::string::npos) << notes_[0];
  }
}

// Each with a pipeline of its own: they make, replace and map the same files.
TEST_P(PackedCacheTest, ThreadsShareIt) {
  const std::vector<uint8_t> truth = draw_uncached();
  LoadOptions shared = options();
  std::atomic<int> notes = 0;
  shared.log = [&](LogLevel, std::string_view note) {
    ++notes;
    std::fprintf(stderr, "%.*s\n", static_cast<int>(note.size()), note.data());
  };
  std::vector<std::thread> threads;
  std::atomic<int> different = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) different += draw(shared) != truth;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
  EXPECT_EQ(notes, 0);
  EXPECT_EQ(files().size(), 3u);
}

#if !defined(_WIN32)  // which has no fork()
TEST_P(PackedCacheTest, ProcessesShareIt) {
  const std::vector<uint8_t> truth = draw_uncached();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool same = true;
      for (int round = 0; round < 3; ++round) same &= draw(options()) == truth && notes_.empty();
      std::_Exit(same ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(files().size(), 3u);
}
#endif

}  // namespace
}  // namespace mobilediffusion
