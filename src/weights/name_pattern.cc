// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/name_pattern.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

constexpr size_t kLongest = 1000;    // expression
constexpr size_t kMostSteps = 2000;  // of its program
constexpr size_t kMostRepeats = 1000;

std::bitset<256> range(int first, int last) {
  std::bitset<256> set;
  for (int c = first; c <= last; ++c) set.set(static_cast<size_t>(c));
  return set;
}

std::bitset<256> one(char c) {
  const int code = static_cast<unsigned char>(c);
  return range(code, code);
}

// What \d, \w, \s and their opposites stand for; nothing for another letter.
std::optional<std::bitset<256>> character_class(char letter) {
  const std::bitset<256> digits = range('0', '9');
  const std::bitset<256> word = digits | range('a', 'z') | range('A', 'Z') | one('_') | range(128, 255);
  const std::bitset<256> space = one(' ') | range('\t', '\r');
  switch (letter) {
    case 'd':
      return digits;
    case 'D':
      return ~digits;
    case 'w':
      return word;
    case 'W':
      return ~word;
    case 's':
      return space;
    case 'S':
      return ~space;
    default:
      return std::nullopt;
  }
}

bool is_plain(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.'; }

}  // namespace

// Builds the program from its end: each part is given the step that follows it, and answers with its own first.
class NamePatternParser {
 public:
  explicit NamePatternParser(std::string_view text) : text_(text) {}

  Result<NamePattern> parse() {
    NamePattern pattern;
    const Node whole = alternatives();
    if (at_ < text_.size() && wrong_.empty()) fail("a \")\" without its \"(\"");
    steps_.push_back({NamePattern::Step::kDone});
    const size_t first = emit(whole, 0);
    if (!wrong_.empty()) {
      return Status(StatusCode::kUnsupported, "the expression \"" + in_message(text_) + "\" has " + wrong_ +
                                                  " at character " + std::to_string(at_));
    }
    pattern.steps_ = std::move(steps_);
    pattern.first_ = first;
    return pattern;
  }

 private:
  struct Node {
    enum Kind { kNothing, kCharacter, kBegin, kEnd, kSequence, kAlternatives, kRepeat } kind = kNothing;
    std::bitset<256> characters = {};
    std::vector<Node> parts = {};
    size_t least = 0, most = 0;  // of kRepeat
  };
  static constexpr size_t kNoEnd = std::numeric_limits<size_t>::max();

  void fail(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }
  bool ended() const { return at_ >= text_.size() || !wrong_.empty(); }
  bool take(char c) {
    if (ended() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (ended() || !text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Node alternatives() {
    Node all{Node::kAlternatives};
    do {
      Node sequence{Node::kSequence};
      while (!ended() && text_[at_] != '|' && text_[at_] != ')') sequence.parts.push_back(repeated());
      all.parts.push_back(std::move(sequence));
    } while (take('|'));
    return all;
  }

  Node repeated() {
    Node part = atom();
    size_t least = 1, most = 1;
    if (take('*')) {
      least = 0, most = kNoEnd;
    } else if (take('+')) {
      most = kNoEnd;
    } else if (take('?')) {
      least = 0;
    } else if (!counts(&least, &most)) {
      return part;
    }
    take('?');  // as few as possible: the same names
    if (!ended() && (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?')) fail("a repetition of a repetition");
    Node repeat{Node::kRepeat};
    repeat.parts.push_back(std::move(part));
    repeat.least = least;
    repeat.most = most;
    return repeat;
  }

  // {2}, {2,}, {,3} or {2,3}; anything else in braces is letters.
  bool counts(size_t* least, size_t* most) {
    if (ended() || text_[at_] != '{') return false;
    size_t at = at_ + 1;
    const auto number = [&](size_t fallback) {
      size_t value = 0;
      const size_t begin = at;
      for (; at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0; ++at)
        value = std::min(kMostRepeats + 1, value * 10 + static_cast<size_t>(text_[at] - '0'));
      return at == begin ? fallback : value;
    };
    const size_t first = at;
    const size_t low = number(0);
    const bool has_low = at > first;
    size_t high = low;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      high = number(kNoEnd);
    } else if (!has_low) {
      return false;
    }
    if (at >= text_.size() || text_[at] != '}') return false;
    at_ = at + 1;
    if (low > kMostRepeats || (high != kNoEnd && high > kMostRepeats) || high < low) fail("an impossible repetition");
    *least = low;
    *most = high;
    return true;
  }

  Node atom() {
    const char c = text_[at_++];
    switch (c) {
      case '(': {
        if (take("?P<")) {
          while (!ended() && text_[at_] != '>') ++at_;
          if (!take('>')) fail("a group's name without its end");
        } else if (!take("?:") && take('?')) {
          fail("a group of a kind that is not supported");
        }
        Node inner = alternatives();
        if (!take(')')) fail("a \"(\" without its \")\"");
        return inner;
      }
      case '[':
        return {Node::kCharacter, set()};
      case '.':
        return {Node::kCharacter, ~one('\n')};
      case '^':
        return {Node::kBegin};
      case '$':
        return {Node::kEnd};
      case '*':
      case '+':
      case '?':
        fail("nothing to repeat");
        return {};
      case '\\':
        return escaped();
      default:
        return {Node::kCharacter, one(c)};
    }
  }

  Node escaped() {
    if (take('A')) return {Node::kBegin};
    if (take('Z')) return {Node::kEnd};
    return {Node::kCharacter, escaped_set()};
  }

  std::bitset<256> escaped_set() {
    if (ended()) {
      fail("nothing behind its last backslash");
      return {};
    }
    const char c = text_[at_++];
    if (const auto known = character_class(c)) return *known;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) fail(std::string("\"\\") + c + "\", which is not supported");
    return one(c);
  }

  std::bitset<256> set() {
    const bool others = take('^');
    std::bitset<256> all;
    for (bool first = true; first || ended() || text_[at_] != ']'; first = false) {
      if (ended()) {
        fail("a \"[\" without its \"]\"");
        return all;
      }
      const bool is_letter = text_[at_] != '\\';
      const char low = text_[at_++];
      const std::bitset<256> characters = is_letter ? one(low) : escaped_set();
      if (is_letter && at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        const char high = text_[at_ + 1];
        at_ += 2;
        if (high == '\\' || static_cast<unsigned char>(high) < static_cast<unsigned char>(low)) fail("a wrong range");
        all |= range(static_cast<unsigned char>(low), static_cast<unsigned char>(high));
      } else {
        all |= characters;
      }
    }
    take(']');
    return others ? ~all : all;
  }

  size_t add(NamePattern::Step step) {
    if (steps_.size() >= kMostSteps) {
      fail("too much to repeat");
      return 0;
    }
    steps_.push_back(step);
    return steps_.size() - 1;
  }

  size_t emit(const Node& node, size_t next) {
    using Step = NamePattern::Step;
    if (!wrong_.empty()) return 0;
    switch (node.kind) {
      case Node::kNothing:
        return next;
      case Node::kCharacter:
        return add({Step::kCharacter, node.characters, next});
      case Node::kBegin:
        return add({Step::kBegin, {}, next});
      case Node::kEnd:
        return add({Step::kEnd, {}, next});
      case Node::kSequence:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = emit(*part, next);
        return next;
      case Node::kAlternatives: {
        size_t first = emit(node.parts.back(), next);
        for (auto part = std::next(node.parts.rbegin()); part != node.parts.rend(); ++part)
          first = add({Step::kEither, {}, emit(*part, next), first});
        return first;
      }
      case Node::kRepeat: {
        const Node& part = node.parts.front();
        if (node.most == kNoEnd) {
          const size_t loop = add({Step::kEither, {}, 0, next});
          const size_t again = emit(part, loop);
          if (wrong_.empty()) steps_[loop].next = again;
          next = loop;
        } else {
          const size_t end = next;
          for (size_t i = node.least; i < node.most && wrong_.empty(); ++i)
            next = add({Step::kEither, {}, emit(part, next), end});
        }
        for (size_t i = 0; i < node.least && wrong_.empty(); ++i) next = emit(part, next);
        return next;
      }
    }
    return next;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string wrong_;
  std::vector<NamePattern::Step> steps_;
};

Result<NamePattern> NamePattern::parse(std::string_view expression) {
  if (expression.size() > kLongest) {
    return Status(StatusCode::kUnsupported, "the expression \"" + in_message(expression) + "\" has " +
                                                std::to_string(expression.size()) + " characters; at most " +
                                                std::to_string(kLongest) + " are read");
  }
  std::string_view plain = expression;
  const bool whole = plain.starts_with('^');
  if (whole) plain.remove_prefix(1);
  if (!plain.empty() && std::all_of(plain.begin(), plain.end(), is_plain)) {
    NamePattern pattern;
    pattern.end_ = plain;
    pattern.whole_ = whole;
    return pattern;
  }
  // By itself first: what is wrong is told of it, and its parentheses cannot close ours.
  if (Result<NamePattern> alone = NamePatternParser(expression).parse(); !alone.ok()) return alone.status();
  return NamePatternParser("(?:.*\\.)?(?:" + std::string(expression) + ")$").parse();
}

void NamePattern::follow(size_t step, bool at_begin, bool at_end, std::vector<bool>& seen,
                         std::vector<size_t>& steps) const {
  std::vector<size_t> open = {step};
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    const Step& s = steps_[at];
    if (s.kind == Step::kCharacter || s.kind == Step::kDone) {
      steps.push_back(at);
    } else if (s.kind == Step::kEither) {
      open.push_back(s.next);
      open.push_back(s.other);
    } else if (s.kind == Step::kBegin ? at_begin : at_end) {
      open.push_back(s.next);
    }
  }
}

bool NamePattern::matches(std::string_view name) const {
  if (!end_.empty()) {
    if (name.size() < end_.size()) return false;
    const size_t before = name.size() - end_.size();
    if (before > 0 && (whole_ || name[before - 1] != '.')) return false;
    return std::equal(end_.begin(), end_.end(), name.begin() + static_cast<std::ptrdiff_t>(before),
                      [](char expected, char found) { return expected == '.' || expected == found; });
  }
  std::vector<size_t> steps;
  std::vector<bool> seen(steps_.size());
  follow(first_, true, name.empty(), seen, steps);
  for (size_t i = 0; i < name.size() && !steps.empty(); ++i) {
    std::vector<size_t> next;
    std::fill(seen.begin(), seen.end(), false);
    for (const size_t at : steps) {
      const Step& s = steps_[at];
      if (s.kind == Step::kCharacter && s.characters[static_cast<unsigned char>(name[i])])
        follow(s.next, false, i + 1 == name.size(), seen, next);
    }
    steps = std::move(next);
  }
  return std::any_of(steps.begin(), steps.end(), [&](size_t at) { return steps_[at].kind == Step::kDone; });
}

}  // namespace mobilediffusion
