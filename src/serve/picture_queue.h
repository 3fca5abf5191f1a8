// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Who draws next: in the order in which they came, and not more of them than may wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>

namespace mobilediffusion::serve {

class PictureQueue {
 public:
  // `waiting`: how many may wait behind the one that draws.
  explicit PictureQueue(size_t waiting) : most_(waiting + 1) {}

  // A place in the queue, given up when it goes.
  class Place {
   public:
    Place(Place&& other) noexcept;
    Place& operator=(Place&&) = delete;
    ~Place();

    // How many are before it, after a while at most; 0: it is its turn.
    size_t wait(std::chrono::milliseconds most);

   private:
    friend PictureQueue;
    using Position = std::list<int>::iterator;
    Place(PictureQueue* queue, Position position) : queue_(queue), position_(position) {}

    PictureQueue* queue_;  // null: another has it
    Position position_;
  };

  // Nothing where it is full.
  std::optional<Place> enter();

 private:
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::list<int> places_;  // of which only the positions matter
};

}  // namespace mobilediffusion::serve
