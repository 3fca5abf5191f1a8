// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What XNNPACK's versions declare in two ways, called in one. Until 2025 those that create an operator took a cache for
// code, of which there was none, and a convolution's reshape told how its workspace is to be aligned. The compiler sees
// which of both the header has.
#pragma once

#include <xnnpack.h>

#include <cstddef>
#include <type_traits>

namespace mobilediffusion::kernels {

// create(arguments..., [no code cache,] cache, op)
template <typename Create, typename... Arguments>
xnn_status call_create(Create* create, xnn_weights_cache_t cache, xnn_operator_t* op, Arguments... arguments) {
  if constexpr (std::is_invocable_v<Create*, Arguments..., std::nullptr_t, xnn_weights_cache_t, xnn_operator_t*>) {
    return create(arguments..., /*code_cache=*/nullptr, cache, op);
  } else {
    return create(arguments..., cache, op);
  }
}

// Shapes a convolution for `n` pictures; XNNPACK's workspaces want no more than an Arena's alignment.
template <typename Reshape>
xnn_status call_reshape_convolution(Reshape* reshape, xnn_operator_t op, size_t n, size_t h, size_t w,
                                    size_t* workspace_bytes, pthreadpool_t threads) {
  size_t out_height = 0, out_width = 0;
  if constexpr (std::is_invocable_v<Reshape*, xnn_operator_t, size_t, size_t, size_t, size_t*, size_t*, size_t*,
                                    size_t*, pthreadpool_t>) {
    size_t alignment = 0;
    return reshape(op, n, h, w, workspace_bytes, &alignment, &out_height, &out_width, threads);
  } else {
    return reshape(op, n, h, w, workspace_bytes, &out_height, &out_width, threads);
  }
}

}  // namespace mobilediffusion::kernels
