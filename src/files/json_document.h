// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// JSON read where memory may end at any byte. nlohmann-json's own parse() must not be called for that: its trees take a
// list of their parts when they are destroyed, also on the way out of a parser that ran short, and where there is no
// memory for the list the program ends. So a text goes part by part to where it is wanted (read_json), or into a tree
// that is taken apart before it is destroyed (JsonDocument). No other list or object of theirs is made in the library,
// but for the program, which keeps memory for it.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion {

// What is met in a text, in its order. Each answers whether to go on.
class JsonEvents : private nlohmann::json::json_sax_t {
 public:
  // A scalar, or an empty list or object, whose parts follow until its end().
  virtual bool value(nlohmann::json found) = 0;
  // Of the value that follows. A copy of it takes less than what is moved, which has room for the longest so far.
  bool key(std::string& name) override = 0;
  virtual bool end() = 0;

 private:
  friend bool read_json(std::string_view text, JsonEvents& events);

  bool null() final { return value(nullptr); }
  bool boolean(bool found) final { return value(found); }
  bool number_integer(number_integer_t found) final { return value(found); }
  bool number_unsigned(number_unsigned_t found) final { return value(found); }
  bool number_float(number_float_t found, const string_t&) final { return value(found); }
  bool string(string_t& found) final { return value(found); }
  bool binary(binary_t&) final { return false; }  // which no text holds
  bool start_object(size_t) final { return value(nlohmann::json::value_t::object); }
  bool start_array(size_t) final { return value(nlohmann::json::value_t::array); }
  bool end_object() final { return end(); }
  bool end_array() final { return end(); }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) final { return false; }
};

// False where the text is no JSON, or the events did not want more of it. Throws std::bad_alloc, and what they throw.
bool read_json(std::string_view text, JsonEvents& events);

// Whether a value is that string. To compare them by == takes memory within a function that must not throw.
bool is_string(const nlohmann::json& value, std::string_view text);

class JsonDocument {
 public:
  static constexpr size_t kDeepest = 32;

  // A part within more than `deepest` lists and objects ends the reading: who walks a tree does so by recursion. Of a
  // repeated key the last value counts. Throws std::bad_alloc.
  explicit JsonDocument(std::string_view text, size_t deepest = kDeepest);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Discarded where the text is no JSON, or too deep. A copy of what is no scalar is a tree by itself: see above.
  const nlohmann::json& root() const { return tree_.root; }
  bool too_deep() const { return too_deep_; }

  // The members of one of the tree's objects as they stand in the text; an object has them by their names.
  std::vector<nlohmann::json::const_iterator> in_order(const nlohmann::json& object) const;

 private:
  class Builder;
  struct Tree {
    ~Tree();
    nlohmann::json root = nlohmann::json::value_t::discarded;
  };

  Tree tree_;
  std::vector<const nlohmann::json*> members_;  // of all objects, as they came; also of what was replaced
  bool too_deep_ = false;
};

}  // namespace mobilediffusion
