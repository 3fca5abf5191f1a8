// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/provenance.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <locale>
#include <optional>
#include <sstream>

#include "mobilediffusion/pipeline.h"
#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kProgram = "MobileDiffusion for C++";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// A JPEG's XMP packet is 65502 bytes at most, and an escaped character takes six times its own at most; the prompt
// stands in it twice.
constexpr size_t kLongestDescription = 4800;
constexpr size_t kLongestName = 200;

struct Character {
  char32_t code = 0;
  size_t bytes = 0;  // that it takes in the text; of a malformed one, that are to be skipped
  bool valid = false;
};

// The first character of a text that is not empty: RFC 3629's table, without overlong forms and surrogates.
Character decode(std::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xc2 || lead > 0xf4) return {0, 1, false};
  const size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return {0, 1, false};
  char32_t code = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 1, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {0, 1, false};
  return {code, bytes, true};
}

// XML 1.0's production Char.
bool is_xml_character(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) ||
         c >= 0x10000;
}

// The shortest decimal that reads back the same. Streams of the classic locale, since printf follows the program's
// ("7,5") and not every C++ library here has std::to_chars for floats.
template <typename T>
std::string decimal(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text;
  for (int digits = 1; digits <= std::numeric_limits<T>::max_digits10; ++digits) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out.precision(digits);
    out << value;
    text = out.str();
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    T back = 0;
    if (in >> back && back == value) break;
  }
  return text;
}

template <typename T>
std::optional<T> parse_decimal(const std::string& text) {
  if (text == "nan" || text == "-nan") return std::numeric_limits<T>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<T>::infinity();
  if (text == "-inf") return -std::numeric_limits<T>::infinity();
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  T value = 0;
  if (!(in >> std::noskipws >> value) || in.peek() != std::char_traits<char>::eof()) return std::nullopt;
  return value;
}

template <typename T>
std::optional<T> parse_integer(const std::string& text) {
  T value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// At most that many of a text's bytes, its last character whole.
std::string_view beginning(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  size_t size = 0;
  while (size < most) {
    const size_t next = size + decode(text.substr(size)).bytes;
    if (next > most) break;
    size = next;
  }
  return text.substr(0, size);
}

// A text that is to be one of several lines.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : clean_utf8(text)) {
    if (c == '\n') {
      line += kReplacement;
    } else {
      line += c;
    }
  }
  return line;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

// "what: text", escaped, where there is a text.
std::string labelled(const char* label, std::string_view text, size_t most) {
  return text.empty() ? std::string() : label + escape_xml(beginning(text, most));
}

std::string xmp_packet(const Provenance& provenance, const std::string& program) {
  return "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
         "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
         " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
         "  <rdf:Description rdf:about=\"\"\n"
         "    xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
         "    xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n"
         "    xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\"\n"
         "    xmlns:stEvt=\"http://ns.adobe.com/xap/1.0/sType/ResourceEvent#\"\n"
         "    xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">\n"
         "   <Iptc4xmpExt:DigitalSourceType>"
         "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
         "</Iptc4xmpExt:DigitalSourceType>\n"
         "   <Iptc4xmpExt:AISystemUsed>" +
         std::string(kProgram) + labelled(", model ", provenance.model, kLongestName) +
         "</Iptc4xmpExt:AISystemUsed>\n"
         "   <Iptc4xmpExt:AISystemVersionUsed>" +
         escape_xml(version()) +
         "</Iptc4xmpExt:AISystemVersionUsed>\n"
         "   <Iptc4xmpExt:AIPromptInformation>" +
         escape_xml(beginning(provenance.prompt, kLongestDescription)) +
         labelled(" (not: ", provenance.negative_prompt, kLongestName) +
         (provenance.negative_prompt.empty() ? "" : ")") +
         "</Iptc4xmpExt:AIPromptInformation>\n"
         "   <xmpMM:History><rdf:Seq><rdf:li rdf:parseType=\"Resource\">"
         "<stEvt:action>created</stEvt:action><stEvt:softwareAgent>" +
         escape_xml(program) +
         "</stEvt:softwareAgent></rdf:li></rdf:Seq></xmpMM:History>\n"
         "   <xmp:CreatorTool>" +
         escape_xml(program) +
         "</xmp:CreatorTool>\n"
         "   <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">" +
         escape_xml(beginning(provenance.prompt, kLongestDescription)) +
         "</rdf:li></rdf:Alt></dc:description>\n"
         "  </rdf:Description>\n"
         " </rdf:RDF>\n"
         "</x:xmpmeta>\n"
         "<?xpacket end=\"r\"?>";
}

}  // namespace

std::string clean_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = decode(text);
    out += c.valid && c.code != 0 ? text.substr(0, c.bytes) : kReplacement;
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = decode(text);
    if (!c.valid) {
      out += kReplacement;
    } else if (c.code == '&') {
      out += "&amp;";
    } else if (c.code == '<') {
      out += "&lt;";
    } else if (c.code == '>') {
      out += "&gt;";
    } else if (c.code == '"') {
      out += "&quot;";
    } else if (c.code == '\'') {
      out += "&apos;";
    } else if (c.code == '\r') {
      out += "&#13;";  // a bare one would be read as a line feed
    } else if (is_xml_character(c.code)) {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::vector<std::string> in_provenance(std::span<const Lora> loras) {
  std::vector<std::string> names;
  for (const Lora& lora : loras) {
    const std::string path = lora.path.substr(0, lora.path.find_last_not_of('/') + 1);
    names.push_back(path.substr(path.find_last_of('/') + 1) + ":" + decimal(lora.weight));
  }
  return names;
}

std::vector<TextEntry> texts_of(const Provenance& provenance) {
  const std::string program = std::string(kProgram) + " " + std::string(version());
  std::vector<TextEntry> texts;
  texts.push_back({"Software", program});
  texts.push_back({"prompt", clean_utf8(provenance.prompt)});
  if (!provenance.negative_prompt.empty()) {
    texts.push_back({"negative_prompt", clean_utf8(provenance.negative_prompt)});
  }
  texts.push_back({"seed", std::to_string(provenance.seed)});
  texts.push_back({"steps", std::to_string(provenance.steps)});
  texts.push_back({"guidance", decimal(provenance.guidance)});
  if (!provenance.sampler.empty()) texts.push_back({"sampler", clean_utf8(provenance.sampler)});
  if (!provenance.noise.empty()) texts.push_back({"noise", clean_utf8(provenance.noise)});
  if (!provenance.loras.empty()) {
    std::string lines = on_one_line(provenance.loras.front());
    for (size_t i = 1; i < provenance.loras.size(); ++i) lines += "\n" + on_one_line(provenance.loras[i]);
    texts.push_back({"loras", lines});
  }
  if (provenance.strength) texts.push_back({"strength", decimal(*provenance.strength)});
  texts.push_back({"model", clean_utf8(provenance.model)});
  texts.push_back({std::string(kXmpKeyword), xmp_packet(provenance, program)});
  return texts;
}

Result<Provenance> provenance_of(std::span<const TextEntry> texts, const std::string& origin) {
  // Of two with one keyword the first counts.
  const auto find = [&texts](std::string_view keyword) -> const std::string* {
    for (const TextEntry& entry : texts) {
      if (entry.keyword == keyword) return &entry.text;
    }
    return nullptr;
  };
  const auto bad_number = [&](const char* keyword) {
    return Status(StatusCode::kInvalidArgument, origin + ": expected a number as " + keyword + ", found \"" +
                                                    in_message(clean_utf8(find(keyword)->substr(0, 40))) + "\"");
  };
  const std::string* software = find("Software");
  const std::string* prompt = find("prompt");
  const std::string* seed = find("seed");
  if (software == nullptr || !software->starts_with(kProgram) || prompt == nullptr || seed == nullptr) {
    return Status(StatusCode::kInvalidArgument,
                  origin + ": a picture that does not say how it was made: not one of ours, or saved without metadata");
  }
  Provenance provenance;
  provenance.prompt = clean_utf8(*prompt);
  if (const std::string* text = find("negative_prompt")) provenance.negative_prompt = clean_utf8(*text);
  if (const std::string* text = find("model")) provenance.model = clean_utf8(*text);
  if (const std::string* text = find("sampler")) provenance.sampler = clean_utf8(*text);
  if (const std::string* text = find("noise")) provenance.noise = clean_utf8(*text);
  const std::optional<uint64_t> seed_value = parse_integer<uint64_t>(*seed);
  if (!seed_value) return bad_number("seed");
  provenance.seed = *seed_value;
  if (const std::string* text = find("steps")) {
    const std::optional<int> value = parse_integer<int>(*text);
    if (!value) return bad_number("steps");
    provenance.steps = *value;
  }
  if (const std::string* text = find("guidance")) {
    const std::optional<float> value = parse_decimal<float>(*text);
    if (!value) return bad_number("guidance");
    provenance.guidance = *value;
  }
  if (const std::string* text = find("strength")) {
    provenance.strength = parse_decimal<double>(*text);
    if (!provenance.strength) return bad_number("strength");
  }
  if (const std::string* text = find("loras")) provenance.loras = lines_of(clean_utf8(*text));
  return provenance;
}

}  // namespace mobilediffusion
