// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/file_io.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "src/files/mapped_file.h"
#include "tests/temporary_folder.h"

#if !defined(_WIN32)
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#endif

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

class FileIoTest : public testing::Test {
 protected:
  std::string path(const std::string& leaf) const { return folder_.path(leaf); }
  std::string text(const std::string& leaf) const { return folder_.read(leaf); }
  int entries() const {
    return static_cast<int>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  const TemporaryFolder folder_;
};

TEST_F(FileIoTest, WritesAndReplaces) {
  ASSERT_TRUE(write_file_atomically(path("a"), bytes_of("first")).ok());
  EXPECT_EQ(text("a"), "first");
  ASSERT_TRUE(write_file_atomically(path("a"), bytes_of("2nd")).ok());
  EXPECT_EQ(text("a"), "2nd");
  ASSERT_TRUE(write_file_atomically(path("empty"), {}).ok());
  EXPECT_EQ(text("empty"), "");
  EXPECT_EQ(entries(), 2);
}

TEST_F(FileIoTest, WritesPieceByPiece) {
  auto file = AtomicFile::open(path("a"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  std::string whole;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = "piece " + std::to_string(i);
    ASSERT_TRUE(file->write(piece.data(), piece.size()).ok());
    whole += piece;
  }
  EXPECT_FALSE(fs::exists(path("a")));
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(text("a"), whole);
}

TEST_F(FileIoTest, LeavesTheTargetAloneWhenNotCommitted) {
  ASSERT_TRUE(write_file_atomically(path("a"), bytes_of("old")).ok());
  {
    auto file = AtomicFile::open(path("a"));
    ASSERT_TRUE(file.ok());
    AtomicFile moved = std::move(*file);
    ASSERT_TRUE(moved.write(bytes_of("new")).ok());
    EXPECT_EQ(entries(), 2);
  }
  EXPECT_EQ(text("a"), "old");
  EXPECT_EQ(entries(), 1);
}

// By this process or another: a cache that several programs share, a picture that is looked at.
TEST_F(FileIoTest, ReplacesAFileThatIsMapped) {
  ASSERT_TRUE(write_file_atomically(path("a"), bytes_of("old")).ok());
  const auto mapped = MappedFile::open(path("a"));
  ASSERT_TRUE(mapped.ok()) << mapped.status().message();
  const Status status = write_file_atomically(path("a"), bytes_of("newer"));
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(text("a"), "newer");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped->bytes().data()), mapped->bytes().size()), "old");
}

TEST_F(FileIoTest, NamesAFolderThatIsMissing) {
  const Status status = write_file_atomically(path("no/such/a"), bytes_of("x"));
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find(path("no/such/a")), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("No such file"), std::string::npos) << status.message();
}

TEST_F(FileIoTest, RefusesFoldersAndNamesThatAreNone) {
  EXPECT_EQ(write_file_atomically(folder_.path(), bytes_of("x")).code(), StatusCode::kIoError);
  EXPECT_EQ(write_file_atomically("", bytes_of("x")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(write_file_atomically(path(std::string("a\0b", 3)), bytes_of("x")).code(), StatusCode::kInvalidArgument);
#if defined(_WIN32)
  constexpr StatusCode kNoPlace = StatusCode::kNotFound;  // where all such paths are said not to be there
#else
  constexpr StatusCode kNoPlace = StatusCode::kIoError;
#endif
  EXPECT_EQ(write_file_atomically(path(std::string(300, 'n')), bytes_of("x")).code(), kNoPlace);
  ASSERT_TRUE(write_file_atomically(path("file"), bytes_of("x")).ok());
  EXPECT_EQ(write_file_atomically(path("file/below"), bytes_of("x")).code(), kNoPlace);
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileIoTest, TakesTheLongestNameAndUnicode) {
#if defined(_WIN32)
  constexpr size_t kLongest = 100;  // where the whole path may have 259 letters
#else
  constexpr size_t kLongest = 255;
#endif
  EXPECT_TRUE(write_file_atomically(path(std::string(kLongest, 'n')), bytes_of("x")).ok());
  EXPECT_TRUE(write_file_atomically(path("b\xc3\xa4r \xf0\x9f\x90\xbb.png"), bytes_of("x")).ok());
}

TEST_F(FileIoTest, Reads) {
  EXPECT_EQ(read_file(path("a"), 10).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(read_file(folder_.path(), 10).status().code(), StatusCode::kIoError);
  EXPECT_EQ(read_file("", 10).status().code(), StatusCode::kInvalidArgument);
  for (size_t size : {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{300000}}) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 31 + (i >> 8));
    ASSERT_TRUE(write_file_atomically(path("a"), bytes).ok());
    auto back = read_file(path("a"), size);
    ASSERT_TRUE(back.ok()) << back.status().message();
    EXPECT_EQ(*back, bytes);
    if (size > 0) {
      EXPECT_EQ(read_file(path("a"), size - 1).status().code(), StatusCode::kInvalidArgument);
    }
  }
}

#if !defined( \
    _WIN32)  // which has neither modes, limits of a file's size nor /dev/full, and links only for the privileged

mode_t mode_of(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mode & 0777;
}

TEST_F(FileIoTest, HeedsTheUmaskAndKeepsAMode) {
  const mode_t before = umask(0);
  ASSERT_TRUE(write_file_atomically(path("open"), bytes_of("x")).ok());
  umask(077);
  ASSERT_TRUE(write_file_atomically(path("closed"), bytes_of("x")).ok());
  umask(before);
  EXPECT_EQ(mode_of(path("open")), 0644u);
  EXPECT_EQ(mode_of(path("closed")), 0600u);
  ASSERT_EQ(chmod(path("open").c_str(), 0640), 0);
  ASSERT_TRUE(write_file_atomically(path("open"), bytes_of("y")).ok());
  EXPECT_EQ(mode_of(path("open")), 0640u);
}

TEST_F(FileIoTest, WritesThroughSymbolicLinks) {
  ASSERT_TRUE(write_file_atomically(path("real"), bytes_of("old")).ok());
  fs::create_symlink("real", path("link"));
  fs::create_symlink("fresh", path("dangling"));
  ASSERT_TRUE(write_file_atomically(path("link"), bytes_of("new")).ok());
  ASSERT_TRUE(write_file_atomically(path("dangling"), bytes_of("born")).ok());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_TRUE(fs::is_symlink(path("dangling")));
  EXPECT_EQ(text("real"), "new");
  EXPECT_EQ(text("fresh"), "born");
}

TEST_F(FileIoTest, ReportsAFullDisk) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Status status = write_file_atomically("/dev/full", std::vector<uint8_t>(100000));
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_NE(status.message().find("/dev/full: No space left"), std::string::npos) << status.message();
  EXPECT_EQ(write_file_atomically("/dev/full", bytes_of("x")).code(), StatusCode::kIoError);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_TRUE(write_file_atomically("/dev/null", bytes_of("x")).ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

// A limit on the file's size stands for the disk that fills up half-way.
TEST_F(FileIoTest, LeavesNothingBehindWhenWritingFailsHalfWay) {
  ASSERT_TRUE(write_file_atomically(path("a"), bytes_of("old")).ok());
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file_atomically(path("a"), std::vector<uint8_t>(300000));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_NE(status.message().find("File too large"), std::string::npos) << status.message();
  EXPECT_EQ(text("a"), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileIoTest, RefusesWhatItMayNotWrite) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_TRUE(write_file_atomically(path("locked"), bytes_of("old")).ok());
  ASSERT_EQ(chmod(path("locked").c_str(), 0444), 0);
  EXPECT_EQ(write_file_atomically(path("locked"), bytes_of("new")).code(), StatusCode::kIoError);
  EXPECT_EQ(text("locked"), "old");
  fs::create_directory(path("shut"));
  ASSERT_EQ(chmod(path("shut").c_str(), 0555), 0);
  const Status status = write_file_atomically(path("shut/a"), bytes_of("x"));
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_NE(status.message().find("Permission denied"), std::string::npos) << status.message();
}

#endif

}  // namespace
}  // namespace mobilediffusion
