// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http_server.h"

#include <httplib.h>

#include <atomic>
#include <exception>
#include <future>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "src/net/wire.h"

namespace mobilediffusion::net {
namespace {

// The path is not decoded, so that there is one spelling of an address.
Request request_of(const httplib::Request& asked) {
  Request request{.method = asked.method, .path = asked.target.substr(0, asked.target.find('?'))};
  for (const auto& [name, value] : asked.headers) request.headers.emplace_back(in_lower_case(name), value);
  return request;
}

std::string line_of(const httplib::Request& asked) {
  return asked.method + " " + asked.target + " " + asked.version + "\r\n";
}

bool has_known_version(const httplib::Request& asked) {
  return asked.version == "HTTP/1.1" || asked.version == "HTTP/1.0";
}

// What httplib has refused by itself.
Refusal refusal_of(const httplib::Request& asked, int status) {
  if (status == 400 && asked.version.starts_with("HTTP/") && !has_known_version(asked))
    return {505, "expected HTTP/1.1 or HTTP/1.0"};
  return {status, status == 400 ? "the request's head cannot be read" : httplib::status_message(status)};
}

std::string message_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& error) {
    return std::string("unexpected: ") + error.what();
  }
}

// httplib's server as one that reads a request and writes its answer, from and to where it is told.
struct OneRequest : httplib::Server {
  using Server::process_request;
};

class Conversation : public Client {
 public:
  Conversation(Socket socket, const ServerOptions& options, Handler& handler, const std::atomic<bool>& ending)
      : wire_(socket, options.limits, ending), options_(options), handler_(handler), ending_(ending) {
    using httplib::Server;
    server_.set_expect_100_continue_handler([this](const httplib::Request& asked, httplib::Response& answer) {
      if (!refuses(asked)) return 100;
      hand_over(answer);
      return answer.status;
    });
    server_.set_pre_routing_handler([this](const httplib::Request& asked, httplib::Response& answer) {
      answer_request(asked);
      hand_over(answer);
      return Server::HandlerResponse::Handled;
    });
    server_.set_exception_handler(
        [this](const httplib::Request&, httplib::Response& answer, const std::exception_ptr& thrown) {
          answer_ = handler_.error({500, message_of(thrown)});
          hand_over(answer);
        });
    // Of every answer that is an error, whoever made it.
    server_.set_error_handler([this](const httplib::Request& asked, httplib::Response& answer) {
      // for ranges that it cannot read; here all of them are passed over
      if (!answer_ && answer.status == 416) answer_request(asked);
      if (!answer_ && wire_.head() == line_of(asked) && has_known_version(asked)) refuse_method(asked);
      if (!answer_) answer_ = handler_.error(wire_.refusal() ? *wire_.refusal() : refusal_of(asked, answer.status));
      hand_over(answer);
    });
  }

  bool is_gone() override { return wire_.is_gone(); }
  bool server_ends() const override { return ending_; }
  void send(Response response) override { answer_ = std::move(response); }

  // httplib would ask for the pieces when the handler has returned; ours has them while it draws.
  bool begin(const Response& head) override {
    begun_ = true;
    httplib::Headers headers = headers_of(head);
    headers.emplace("Connection", "close");
    httplib::detail::BufferStream text;
    httplib::detail::write_response_line(text, head.status);
    httplib::detail::write_headers(text, headers);
    return write(text.get_buffer());
  }

  bool write(std::string_view piece) override { return httplib::detail::write_data(wire_, piece.data(), piece.size()); }

  // Reads one request and has it answered.
  void run() {
    bool closes = true;
    const bool answered = server_.process_request(wire_, "", 0, "", 0, /*close_connection=*/true, closes,
                                                  [](httplib::Request& asked) { asked.ranges.clear(); });
    // without a first line httplib says nothing
    if (!answered && wire_.refusal() && !answer_) tell(handler_.error(*wire_.refusal()));
    wire_.say_farewell();
  }

  // An answer to whatever was asked; nobody waits for the question.
  void turn_away(Response response) {
    tell(std::move(response));
    wire_.end_writing();
  }

 private:
  // Whether the head alone decides; then there is an answer.
  bool refuses(const httplib::Request& asked) {
    request_ = request_of(asked);
    std::optional<Refusal> refusal = refuse_head(request_);
    // httplib skips blanks and fragments; two readers of such a line may see two addresses
    if (!wire_.head().starts_with(line_of(asked)))
      refusal = Refusal{400, "expected a request line of three parts with a blank between each"};
    answer_ = refusal ? handler_.error(*refusal) : handler_.refuse(request_);
    if (answer_) return true;
    const std::variant<size_t, Refusal> length = body_length(request_, options_.limits.body_bytes);
    if (const Refusal* const too_long = std::get_if<Refusal>(&length)) answer_ = handler_.error(*too_long);
    length_ = answer_ ? 0 : std::get<size_t>(length);
    return answer_.has_value();
  }

  // httplib knows ten methods and reads no headers behind another; what an address is for is the handler's to say.
  void refuse_method(httplib::Request asked) {
    if (httplib::detail::read_headers(wire_, asked.headers)) refuses(asked);
  }

  // False where it did not come.
  bool read_body() {
    wire_.begin_body();
    const auto append = [this](const char* bytes, size_t size, uint64_t, uint64_t) {
      request_.body.append(bytes, size);
      return true;
    };
    const bool came = httplib::detail::read_content_with_length(wire_, length_, nullptr, append);
    if (!came && wire_.refusal()) answer_ = handler_.error(*wire_.refusal());
    return came;
  }

  void answer_request(const httplib::Request& asked) {
    if (!refuses(asked) && read_body()) handler_.answer(request_, *this);
  }

  httplib::Headers headers_of(const Response& response) const {
    httplib::Headers headers(options_.headers.begin(), options_.headers.end());
    headers.emplace("Accept-Ranges", "none");  // httplib would say that we have pieces
    headers.insert(response.headers.begin(), response.headers.end());
    if (!response.type.empty()) headers.emplace("Content-Type", response.type);
    return headers;
  }

  // Gives httplib what it is to write; nothing where all was written here, or nobody is left to read.
  void hand_over(httplib::Response& answer) {
    if (begun_ || !answer_) return wire_.mute();
    answer.status = answer_->status;
    answer.headers = headers_of(*answer_);
    answer.body = answer_->body;
  }

  // Without httplib, which has read no request.
  void tell(Response response) {
    response.headers.emplace_back("Content-Length", std::to_string(response.body.size()));
    if (begin(response)) write(response.body);
  }

  Wire wire_;
  const ServerOptions& options_;
  Handler& handler_;
  const std::atomic<bool>& ending_;
  OneRequest server_;
  Request request_;
  size_t length_ = 0;  // of its body
  std::optional<Response> answer_;
  bool begun_ = false;
};

// A thread a client. (httplib's pool has them all from the start, and closes what there is no room for without a word.)
class Threads {
 public:
  Threads(int most, std::atomic<bool>& ending) : most_(static_cast<size_t>(most)), ending_(ending) {}
  ~Threads() { ending_ = true; }  // however it comes to that; then each is waited for

  // False where there are as many as may be, or the system has none to give. What `run` throws stays with its thread.
  bool start(const std::function<void()>& run) {
    threads_.remove_if([](const auto& each) { return each.wait_for(Milliseconds(0)) == std::future_status::ready; });
    if (threads_.size() >= most_) return false;
    try {
      threads_.push_back(std::async(std::launch::async, run));
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

 private:
  const size_t most_;
  std::atomic<bool>& ending_;
  std::list<std::future<void>> threads_;
};

}  // namespace

void serve(Listener& listener, const ServerOptions& options, Handler& handler, const std::function<bool()>& ended) {
  std::atomic<bool> ending = false;
  Threads threads(options.limits.clients, ending);
  while (!ended()) {
    const std::optional<Socket> socket = listener.accept_within(kTick);
    if (!socket) continue;
    // not on the thread's stack, which may be small
    const auto converse = [&, socket] { std::make_unique<Conversation>(*socket, options, handler, ending)->run(); };
    if (threads.start(converse)) continue;
    Response busy = handler.error({503, "there are " + std::to_string(options.limits.clients) + " clients already"});
    busy.headers.emplace_back("Retry-After", "1");
    Conversation(*socket, options, handler, ending).turn_away(std::move(busy));
  }
}

}  // namespace mobilediffusion::net
