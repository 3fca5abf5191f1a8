// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/json_document.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace mobilediffusion {

using nlohmann::json;

namespace {

// From the innermost on: an empty list or object is destroyed without a list.
void take_apart(json& value) noexcept {
  if (!value.is_structured()) return;
  for (json& part : value) take_apart(part);
  value.clear();
}

}  // namespace

bool read_json(std::string_view text, JsonEvents& events) {
  return json::sax_parse(text.begin(), text.end(), static_cast<json::json_sax_t*>(&events));
}

bool is_string(const json& value, std::string_view text) {
  return value.is_string() && value.get_ref<const std::string&>() == text;
}

class JsonDocument::Builder : public JsonEvents {
 public:
  Builder(JsonDocument& document, size_t deepest) : document_(document), deepest_(deepest) {}

  bool value(json found) override {
    if (is_too_deep()) return false;
    const bool holds_more = found.is_structured();
    json& place = put(std::move(found));
    if (holds_more) open_.push_back(&place);
    return true;
  }

  bool key(std::string& name) override {
    if (is_too_deep()) return false;
    member_ = &(*open_.back())[name];
    document_.members_.push_back(member_);
    return true;
  }

  bool end() override {
    open_.pop_back();
    return true;
  }

 private:
  bool is_too_deep() { return document_.too_deep_ = open_.size() > deepest_; }

  json& put(json found) {
    json* place = open_.empty() ? &document_.tree_.root : member_;
    if (!open_.empty() && open_.back()->is_array()) {
      open_.back()->push_back(nullptr);
      place = &open_.back()->back();
    }
    take_apart(*place);  // a repeated key's value
    *place = std::move(found);
    return *place;
  }

  JsonDocument& document_;
  const size_t deepest_;
  std::vector<json*> open_;  // lists and objects that have not ended, from the root on
  json* member_ = nullptr;   // that the last key is of
};

JsonDocument::Tree::~Tree() { take_apart(root); }

JsonDocument::JsonDocument(std::string_view text, size_t deepest) {
  Builder builder(*this, deepest);
  if (read_json(text, builder)) return;
  take_apart(tree_.root);
  tree_.root = json::value_t::discarded;
}

std::vector<json::const_iterator> JsonDocument::in_order(const json& object) const {
  std::unordered_map<const json*, json::const_iterator> left;
  for (auto member = object.begin(); member != object.end(); ++member) left.emplace(&*member, member);
  std::vector<json::const_iterator> ordered;
  // From the end on: a place may have been another value's before that was replaced.
  for (auto place = members_.rbegin(); place != members_.rend(); ++place) {
    if (const auto node = left.extract(*place)) ordered.push_back(node.mapped());
  }
  std::reverse(ordered.begin(), ordered.end());
  return ordered;
}

}  // namespace mobilediffusion
