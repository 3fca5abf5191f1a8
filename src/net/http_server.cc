// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace mobilediffusion::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kTick{20};            // how soon the server's end is noticed
constexpr Milliseconds kFarewell{2'000};     // for a client to take its answer before the connection is closed
constexpr size_t kMostLeftOver = 64u << 20;  // bytes that are read and dropped meanwhile

class Connection : public Client {
 public:
  Connection(Socket socket, const ServerOptions& options, const std::atomic<bool>& ending)
      : socket_(std::move(socket)), limits_(options.limits), headers_(options.headers), ending_(ending) {}

  bool is_gone() override { return lost_ || ending_ || (lost_ = socket_.peer_is_gone()); }
  bool server_ends() const override { return ending_; }

  bool send(const Response& response) override {
    return write(head(response, response.body.size())) && (head_only_ || write(response.body));
  }

  bool begin(const Response& response) override { return write(head(response, std::nullopt)); }

  bool write(std::string_view piece) override {
    Clock::time_point taken = Clock::now();
    while (!piece.empty() && !lost_) {
      const std::optional<size_t> count = socket_.write_some(piece);
      if (!count) {
        lost_ = true;
      } else if (*count > 0) {
        piece.remove_prefix(*count);
        taken = Clock::now();
      } else if (Clock::now() - taken > (ending_ ? Milliseconds(0) : limits_.write_time)) {
        lost_ = true;
      } else {
        socket_.wait_writable(kTick);
      }
    }
    return !lost_;
  }

  // Reads one request and has it answered.
  void run(Handler& handler) {
    std::variant<Request, Refusal> head = read_head();
    if (lost_) return;
    if (const Refusal* const refusal = std::get_if<Refusal>(&head)) {
      send(handler.error(*refusal));
    } else {
      run(std::get<Request>(head), handler);
    }
    say_farewell();
  }

  // An answer to whatever was asked; nobody waits for the question.
  void turn_away(const Response& response) {
    socket_.write_some(head(response, response.body.size()) + response.body);
    socket_.end_writing();
  }

 private:
  std::string head(const Response& response, std::optional<size_t> length) const {
    Response whole{.status = response.status, .type = response.type, .body = {}, .headers = response.headers};
    whole.headers.insert(whole.headers.end(), headers_.begin(), headers_.end());
    return head_of(whole, length);
  }

  void run(Request& request, Handler& handler) {
    head_only_ = request.method == "HEAD";
    if (const std::optional<Response> refused = handler.refuse(request)) {
      send(*refused);
    } else if (const std::optional<Refusal> refusal = read_body(request)) {
      send(handler.error(*refusal));
    } else if (!lost_) {
      handler.answer(request, *this);
    }
  }

  std::variant<Request, Refusal> read_head() {
    const Clock::time_point end = Clock::now() + limits_.head_time;
    for (size_t seen = 0;;) {
      const size_t found = pending_.find("\r\n\r\n", seen);
      const size_t size = found == std::string::npos ? pending_.size() : found + 4;
      if (size > limits_.head_bytes)
        return Refusal{431, "the request's head is longer than " + std::to_string(limits_.head_bytes) + " bytes"};
      if (found != std::string::npos) {
        std::variant<Request, Refusal> head = parse_head(std::string_view(pending_).substr(0, size));
        pending_.erase(0, size);
        return head;
      }
      seen = pending_.size() < 3 ? 0 : pending_.size() - 3;
      if (!read_more(pending_, end)) return Refusal{408, "the request's head did not come in time"};
    }
  }

  std::optional<Refusal> read_body(Request& request) {
    const std::variant<size_t, Refusal> announced = body_length(request);
    if (const Refusal* const refusal = std::get_if<Refusal>(&announced)) return *refusal;
    const size_t length = std::get<size_t>(announced);
    if (length > limits_.body_bytes)
      return Refusal{413, "the body has " + std::to_string(length) + " bytes; expected " +
                              std::to_string(limits_.body_bytes) + " at most"};
    const std::string* const expected = request.header("expect");
    if (expected != nullptr && *expected == "100-continue" && pending_.size() < length)
      write("HTTP/1.1 100 Continue\r\n\r\n");
    request.body = std::exchange(pending_, {});
    const Clock::time_point end = Clock::now() + limits_.body_time;
    while (request.body.size() < length) {
      if (!read_more(request.body, end)) return Refusal{408, "the request's body did not come in time"};
    }
    request.body.resize(length);
    return std::nullopt;
  }

  // Appends what comes next; false where nothing did in time, or never will.
  bool read_more(std::string& text, Clock::time_point end) {
    std::array<char, 16384> piece;
    while (!lost_ && Clock::now() < end) {
      if (socket_.wait_readable(kTick)) {
        const std::optional<size_t> count = socket_.read_some(piece);
        lost_ = !count;
        if (count && *count > 0) {
          text.append(piece.data(), *count);
          return true;
        }
      }
      lost_ = lost_ || ending_;
    }
    return false;
  }

  // A connection that is closed with unread bytes is reset, and a client that still sends may never see its answer.
  void say_farewell() {
    socket_.end_writing();
    const Clock::time_point end = Clock::now() + kFarewell;
    std::string dropped;
    for (size_t bytes = 0; bytes < kMostLeftOver && read_more(dropped, end); dropped.clear()) bytes += dropped.size();
  }

  Socket socket_;
  const ServerLimits& limits_;
  const Headers& headers_;
  const std::atomic<bool>& ending_;
  std::string pending_;  // read, and not yet looked at
  bool lost_ = false;
  bool head_only_ = false;
};

// What a thread of a client's own must never do is throw.
void run_safely(Connection& connection, Handler& handler) {
  std::string message = "out of memory";
  try {
    return connection.run(handler);
  } catch (const std::bad_alloc&) {
  } catch (const std::exception& error) {
    message = std::string("unexpected: ") + error.what();
  }
  try {
    connection.send(handler.error({500, message}));
  } catch (const std::exception&) {
    // it stays without an answer
  }
}

class ClientThreads {
 public:
  ~ClientThreads() {
    for (Entry& entry : threads_) entry.thread.join();
  }

  // How many run, when those that have ended are gone.
  size_t count() {
    threads_.remove_if([](Entry& entry) {
      if (!entry.ended) return false;
      entry.thread.join();
      return true;
    });
    return threads_.size();
  }

  // False where the system has no thread to give.
  bool start(std::function<void()> run) {
    Entry& entry = threads_.emplace_back();
    try {
      entry.thread = std::thread([run = std::move(run), &ended = entry.ended] {
        run();
        ended = true;
      });
      return true;
    } catch (const std::system_error&) {
      threads_.pop_back();
      return false;
    }
  }

 private:
  struct Entry {
    std::thread thread;
    std::atomic<bool> ended = false;
  };
  std::list<Entry> threads_;
};

// Tells all clients that the server ends, however it comes to that.
class Ending {
 public:
  explicit Ending(std::atomic<bool>& flag) : flag_(flag) {}
  ~Ending() { flag_ = true; }

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

void serve(Listener& listener, const ServerOptions& options, Handler& handler, const std::function<bool()>& ended) {
  std::atomic<bool> ending = false;
  ClientThreads threads;  // waits for all of them when it goes
  const Ending last(ending);
  while (!ended()) {
    Socket socket = listener.accept_within(kTick);
    if (!socket.valid()) continue;
    auto connection = std::make_shared<Connection>(std::move(socket), options, ending);
    const bool room = threads.count() < static_cast<size_t>(options.limits.clients);
    if (!room || !threads.start([connection, &handler] { run_safely(*connection, handler); })) {
      Response busy = handler.error({503, "there are " + std::to_string(options.limits.clients) + " clients already"});
      busy.headers.emplace_back("Retry-After", "1");
      connection->turn_away(busy);
    }
  }
}

}  // namespace mobilediffusion::net
