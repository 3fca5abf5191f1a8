// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The only file that sees stb_image_write, which does the filtering and the deflating.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>

#include "src/features/features.h"
#include "src/images/jpeg.h"
#include "src/images/over_white.h"
#include "src/images/png.h"

namespace mobilediffusion {
namespace {

// Where stb's memory comes from. It does not survive a failed allocation: a null pointer is written through or, in a
// debug build, aborts. So a failure leaves it as std::bad_alloc, thrown by operator new, and this list of what it has
// then not freed goes back all the same.
class StbMemory {
 public:
  StbMemory() : outer_(current_) { current_ = this; }
  ~StbMemory() {
    while (blocks_.next != &blocks_) release(blocks_.next + 1);
    current_ = outer_;
  }
  StbMemory(const StbMemory&) = delete;
  StbMemory& operator=(const StbMemory&) = delete;

  static void* allocate(size_t bytes) {
    Block* block = new (::operator new(sizeof(Block) + bytes)) Block;
    Block& head = current_->blocks_;
    block->next = head.next;
    block->previous = &head;
    head.next->previous = block;
    head.next = block;
    return block + 1;
  }

  static void release(void* memory) {
    if (memory == nullptr) return;
    Block* block = static_cast<Block*>(memory) - 1;
    block->previous->next = block->next;
    block->next->previous = block->previous;
    ::operator delete(block);
  }

  static void* reallocate(void* memory, size_t old_bytes, size_t bytes) {
    void* moved = allocate(bytes);
    if (memory != nullptr) std::memcpy(moved, memory, std::min(old_bytes, bytes));
    release(memory);
    return moved;
  }

 private:
  struct alignas(std::max_align_t) Block {
    Block* previous = this;
    Block* next = this;
  };

  static thread_local StbMemory* current_;  // stb's macros carry no context
  StbMemory* outer_;
  Block blocks_;
};

thread_local StbMemory* StbMemory::current_ = nullptr;

}  // namespace
}  // namespace mobilediffusion

#define STBIW_MALLOC(bytes) ::mobilediffusion::StbMemory::allocate(bytes)
#define STBIW_FREE(memory) ::mobilediffusion::StbMemory::release(memory)
#define STBIW_REALLOC_SIZED(memory, old_bytes, bytes) \
  ::mobilediffusion::StbMemory::reallocate(memory, static_cast<size_t>(old_bytes), static_cast<size_t>(bytes))
#define STBIW_ASSERT(condition) ((void)0)
#define STB_IMAGE_WRITE_STATIC  // no symbol of stb's leaves this file
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#if __has_include(<stb/stb_image_write.h>)
#include <stb/stb_image_write.h>
#else
#include <stb_image_write.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace mobilediffusion {

namespace {

std::string size_in_message(int width, int height) {
  return "a picture of " + std::to_string(width) + "x" + std::to_string(height) + " pixels";
}

// What both formats ask of a picture. stb counts bytes in an int and doubles its buffers; below 2^30 that stays within
// it.
Status check(std::span<const uint8_t> pixels, int width, int height, int channels, const char* format) {
  if (width < 1 || height < 1 || (channels != 3 && channels != 4)) {
    return Status(StatusCode::kInvalidArgument, "no picture is " + std::to_string(width) + "x" +
                                                    std::to_string(height) + " pixels of " + std::to_string(channels) +
                                                    " channels");
  }
  constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
  const uint64_t row = uint64_t{static_cast<uint32_t>(width)} * static_cast<uint32_t>(channels);
  if (row >= kMaxBytes || (row + 1) * static_cast<uint32_t>(height) > kMaxBytes) {
    return Status(StatusCode::kInvalidArgument, size_in_message(width, height) + " is too large for a " + format +
                                                    " of ours: expected 1 GiB of pixels at most");
  }
  const uint64_t bytes = row * static_cast<uint32_t>(height);
  if (pixels.size() != bytes) {
    return Status(StatusCode::kInvalidArgument, size_in_message(width, height) + ": expected " + std::to_string(bytes) +
                                                    " bytes, found " + std::to_string(pixels.size()));
  }
  return {};
}

}  // namespace

Result<std::vector<uint8_t>> compress_png(std::span<const uint8_t> pixels, int width, int height, int channels) {
  if (Status status = check(pixels, width, height, channels, "PNG"); !status.ok()) return status;
  const StbMemory memory;
  int size = 0;
  const unsigned char* png = stbi_write_png_to_mem(pixels.data(), width * channels, width, height, channels, &size);
  if (png == nullptr) return Status(StatusCode::kInternal, "stb_image_write gave no PNG");
  return std::vector<uint8_t>(png, png + size);
}

Result<std::vector<uint8_t>> compress_jpeg(std::span<const uint8_t> pixels, int width, int height, int channels,
                                           int quality) {
  if constexpr (!features::kJpeg) return features::missing("JPEGs");
  if (Status status = check(pixels, width, height, channels, "JPEG"); !status.ok()) return status;
  constexpr int kLargestSide = 65535;  // a frame's header has 16 bits for each
  if (width > kLargestSide || height > kLargestSide) {
    return Status(StatusCode::kInvalidArgument, size_in_message(width, height) +
                                                    " is too large for a JPEG: expected sides of " +
                                                    std::to_string(kLargestSide) + " at most");
  }
  if (quality < 1 || quality > 100) {
    return Status(StatusCode::kInvalidArgument, "jpeg_quality must be 1 to 100, not " + std::to_string(quality));
  }
  std::vector<uint8_t> opaque;
  if (channels == 4) {
    opaque = over_white(pixels);
    pixels = opaque;
  }
  std::vector<uint8_t> jpeg;
  const auto append = [](void* to, void* data, int size) {
    const auto* const bytes = static_cast<const uint8_t*>(data);
    auto& out = *static_cast<std::vector<uint8_t>*>(to);
    for (int i = 0; i < size; ++i) out.push_back(bytes[i]);  // GCC 12 warns of insert() where stb hands a byte or two
  };
  if (stbi_write_jpg_to_func(append, &jpeg, width, height, 3, pixels.data(), quality) == 0)
    return Status(StatusCode::kInternal, "stb_image_write gave no JPEG");
  return jpeg;
}

}  // namespace mobilediffusion
