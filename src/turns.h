// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Who may use a pipeline, and when: one call at a time, others wait; what should happen to the pipeline between two
// calls; and an end that first sees every call off.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace mobilediffusion {

class Turns {
 public:
  // `tidy` is what tidy_up() asks for; it must not throw.
  explicit Turns(std::function<void()> tidy) : tidy_(std::move(tidy)) {}
  ~Turns() { close(); }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // A call: it waits until none runs. False where there will be no turn any more.
  class Turn {
   public:
    explicit Turn(Turns& turns) : turns_(turns), given_(turns.begin()) {}
    ~Turn() {
      if (given_) turns_.end();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return given_; }

   private:
    Turns& turns_;
    const bool given_;
  };

  // True from cancel() to the end of the turn that it meant.
  const std::atomic<bool>& cancelled() const { return cancelled_; }
  void cancel();  // the turn that is under way, where one is

  // Now where no turn is under way, else at its end.
  void tidy_up();

  // Cancels the turn that is under way and sends those away who wait, and waits until all have left.
  void close();

 private:
  bool begin();
  void end();

  const std::function<void()> tidy_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> cancelled_ = false;  // written under the mutex
  int inside_ = 0;                       // calls that wait or have their turn
  bool running_ = false, untidy_ = false, closed_ = false;
};

}  // namespace mobilediffusion
