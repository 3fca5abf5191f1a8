// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the text encoder answered to the last few prompts that are to be remembered.
#pragma once

#include <cstddef>
#include <list>
#include <vector>

#include "kernels/runtime/context.h"

namespace mobilediffusion {

class TextMemory {
 public:
  static constexpr size_t kMostBytes = size_t{8} << 20;

  // A copy of what was kept for these ids; without memory where nothing was.
  kernels::Tensor find(kernels::Context& context, const std::vector<int>& ids);

  // In the place of what was not found for the longest time, where there would be more than kMostBytes.
  void keep(const std::vector<int>& ids, const kernels::Tensor& hidden);

  void clear() { kept_.clear(); }

 private:
  struct Entry {
    std::vector<int> ids;
    kernels::Shape shape;
    kernels::Format format;
    std::vector<std::byte> values;
  };

  std::list<Entry> kept_;  // the last used first
};

}  // namespace mobilediffusion
