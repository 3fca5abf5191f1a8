// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every public header behind the macros of X11's, Windows', Apple's and Qt's headers: that this file compiles is the
// test.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// X11
#define Status int
#define Bool int
#define True 1
#define False 0
#define None 0L
#define Success 0
#define Always 2
#define Above 0
#define Below 1
#define Complex 0
#define Unsorted 0
#define BadRequest 1
#define ControlMask 4
// Windows
#define ERROR 0
#define NO_ERROR 0
#define TRUE 1
#define FALSE 0
#define IN
#define OUT
#define OPTIONAL
#define DELETE 1
#define CONST const
#define VOID void
#define interface struct
#define small char
#define near
#define far
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define LoadImage LoadImageW
#define GetMessage GetMessageW
#define CreateFile CreateFileW
// Apple and Objective-C
#define check(x) ((void)0)
#define verify(x) ((void)0)
#define require(x, label) ((void)0)
#define nil 0
#define YES 1
#define NO 0
// Qt
#define signals public
#define slots
#define emit
#define foreach for
#define forever for (;;)

#include "mobilediffusion/c.h"
#include "mobilediffusion/export.h"
#include "mobilediffusion/filters.h"
#include "mobilediffusion/image.h"
#include "mobilediffusion/live.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/pack.h"
#include "mobilediffusion/pipeline.h"
#include "mobilediffusion/status.h"

#if !defined(Status) || !defined(min) || !defined(None)
#error "a public header took a macro away"
#endif

namespace mobilediffusion {
namespace {

const std::set<std::string> kIncluded = {"c.h",       "export.h", "filters.h",  "image.h", "live.h",
                                         "options.h", "pack.h",   "pipeline.h", "status.h"};

TEST(PublicHeaders, AllAreIncludedHere) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(MOBILEDIFFUSION_SOURCE_DIR "/include/mobilediffusion"))
    found.insert(entry.path().filename().string());
  EXPECT_EQ(found, kIncluded) << "a header is new or gone: include it above, and list it in kIncluded";
}

TEST(PublicHeaders, AreOfUseBehindX11) {
  const auto saved = Image().save("never-written.png");
  EXPECT_EQ(saved.code(), StatusCode::kInvalidArgument);
  const CallStatus copy = saved;
  const Result<int> failed = copy;
  EXPECT_EQ(failed.status().message(), saved.message());
  EXPECT_TRUE(Result<int>(1).ok());
}

}  // namespace
}  // namespace mobilediffusion
