// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/picture_queue.h"

#include <iterator>
#include <utility>

namespace mobilediffusion::serve {

PictureQueue::Place::Place(Place&& other) noexcept
    : queue_(std::exchange(other.queue_, nullptr)), position_(other.position_) {}

PictureQueue::Place::~Place() {
  if (queue_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(queue_->mutex_);
    queue_->places_.erase(position_);
  }
  queue_->moved_.notify_all();
}

size_t PictureQueue::Place::wait(std::chrono::milliseconds most) {
  std::unique_lock<std::mutex> lock(queue_->mutex_);
  const auto is_first = [this] { return queue_->places_.begin() == position_; };
  if (queue_->moved_.wait_for(lock, most, is_first)) return 0;
  return static_cast<size_t>(std::distance(queue_->places_.begin(), position_));
}

std::optional<PictureQueue::Place> PictureQueue::enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (places_.size() >= most_) return std::nullopt;
  places_.push_back(0);
  return Place(this, std::prev(places_.end()));
}

}  // namespace mobilediffusion::serve
