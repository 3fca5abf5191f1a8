// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How a product is cut among threads: into blocks of rows by blocks of panels, which threads take as they become free.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

struct Piece {
  int64_t matrix, row, rows, panel, panels;
};

struct ProductSize {
  int64_t matrices = 1, rows = 0, panels = 0;
};

class Pieces {
 public:
  // Of equally large products; `most` is how large a piece of one may be.
  Pieces(const ProductSize& whole, const ProductSize& most, int64_t threads) : whole_(whole), threads_(threads) {
    constexpr int64_t kTileRows = 8;       // a multiple of every tile's height
    constexpr int64_t kPiecesAThread = 4;  // at least, so that a thread that is held up leaves some to the others
    // Blocks as high as each other, of whole tiles.
    rows_at_once_ = divide_up(divide_up(whole.rows, divide_up(whole.rows, most.rows)), kTileRows) * kTileRows;
    row_blocks_ = divide_up(whole.rows, rows_at_once_);
    panels_at_once_ = std::clamp<int64_t>(whole.panels * row_blocks_ * whole.matrices / (kPiecesAThread * threads), 1,
                                          std::min(most.panels, whole.panels));
    column_blocks_ = divide_up(whole.panels, panels_at_once_);
  }

  int64_t panels_at_once() const { return panels_at_once_; }

  // Calls body(thread, piece) for each piece, on any thread; not for all where the context is cancelled.
  template <typename Body>
  void for_each(Context& context, Body&& body) const {
    const int64_t pieces = whole_.matrices * column_blocks_ * row_blocks_;
    std::atomic<int64_t> next = 0;
    context.threads().parallel_for(threads_, 1, [&](int64_t thread, int64_t) {
      for (int64_t i = next++; i < pieces && !context.is_cancelled(); i = next++) body(thread, piece(i));
    });
  }

 private:
  static int64_t divide_up(int64_t size, int64_t by) { return (size + by - 1) / by; }

  Piece piece(int64_t i) const {
    const int64_t row = i % row_blocks_ * rows_at_once_, panel = i / row_blocks_ % column_blocks_ * panels_at_once_;
    return {i / row_blocks_ / column_blocks_, row, std::min(rows_at_once_, whole_.rows - row), panel,
            std::min(panels_at_once_, whole_.panels - panel)};
  }

  ProductSize whole_;
  int64_t threads_;
  int64_t rows_at_once_, row_blocks_, panels_at_once_, column_blocks_;
};

}  // namespace mobilediffusion::kernels
