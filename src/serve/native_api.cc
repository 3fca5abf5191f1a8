// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/native_api.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "src/images/picture_report.h"
#include "src/serve/api_error.h"
#include "src/serve/base64.h"
#include "src/serve/fields.h"
#include "src/serve/picture_request.h"

namespace mobilediffusion::serve {
namespace {

using nlohmann::json;

enum class Format { kPng, kJson, kEvents };

// The first of our types that the header names; a PNG where it names none.
Format accepted_format(const net::Request& request) {
  const std::string* const accept = request.header("accept");
  Format format = Format::kPng;
  size_t first = std::string::npos;
  for (const auto& [type, each] : {std::pair{"image/png", Format::kPng}, std::pair{"application/json", Format::kJson},
                                   std::pair{"text/event-stream", Format::kEvents}}) {
    const size_t at = accept == nullptr ? std::string::npos : accept->find(type);
    if (at < first) {
      first = at;
      format = each;
    }
  }
  return format;
}

Format format_of(Fields& fields, const net::Request& request) {
  const std::optional<std::string> named = fields.one_of("format", {"png", "json", "events"});
  if (!named) return accepted_format(request);
  return *named == "png" ? Format::kPng : *named == "json" ? Format::kJson : Format::kEvents;
}

// "data:image/png;base64," before it, as a browser writes it, does no harm.
std::vector<uint8_t> read_image_field(Fields& fields) {
  const std::optional<std::string> text = fields.text("image", std::numeric_limits<size_t>::max());
  if (!text) return {};
  const size_t comma = text->starts_with("data:") ? text->find(',') : std::string::npos;
  const std::string_view encoded = std::string_view(*text).substr(comma == std::string::npos ? 0 : comma + 1);
  std::optional<std::vector<uint8_t>> bytes = from_base64(encoded);
  if (bytes && !bytes->empty()) return std::move(*bytes);
  fields.refuse("image", "Invalid 'image': expected a PNG or a JPEG in base64.");
  return {};
}

PictureRequest read_request(Fields& fields, const Limits& limits) {
  PictureRequest picture;
  GenerateOptions& options = picture.options;
  picture.prompt = fields.required_text("prompt", limits.prompt_characters);
  options.negative_prompt = fields.text("negative_prompt", limits.prompt_characters).value_or("");
  picture.seeds = {fields.seed("seed").value_or(0)};
  options.width = static_cast<int>(fields.whole("width", 1, limits.side).value_or(0));
  options.height = static_cast<int>(fields.whole("height", 1, limits.side).value_or(0));
  options.steps = static_cast<int>(fields.whole("steps", 1, limits.steps).value_or(0));
  if (const auto guidance = fields.number("guidance", 0, 100)) options.guidance = static_cast<float>(*guidance);
  options.sampler = fields.text("sampler", 40).value_or("");
  if (fields.one_of("noise", {"philox", "torch"}) == "torch") options.noise = Noise::kTorch;
  picture.image_file = read_image_field(fields);
  options.strength = fields.number("strength", 0, 1).value_or(options.strength);
  return picture;
}

// For a browser's list of requests, and for whoever takes the picture alone.
std::string server_timing(const Timings& seconds) {
  std::string timing;
  for (const auto& [stage, value] : {std::pair{"encoder", seconds.encoder}, std::pair{"text", seconds.text},
                                     std::pair{"unet", seconds.unet}, std::pair{"decoder", seconds.decoder}}) {
    timing += (timing.empty() ? "" : ", ") + std::string(stage) + ";dur=" + std::to_string(value * 1e3);
  }
  return timing;
}

Result<json> with_picture(const Image& image) {
  const Result<std::vector<uint8_t>> png = image.encode_png();
  if (!png.ok()) return png.status();
  json report = picture_report(image);
  report["image"] = to_base64(*png);
  return report;
}

std::string event(const char* name, const json& data) {
  return std::string("event: ") + name + "\ndata: " + dump(data) + "\n\n";
}

net::Response whole_answer(const Image& image, Format format) {
  if (format == Format::kJson) {
    const Result<json> report = with_picture(image);
    return report.ok() ? json_response(*report) : to_response(api_error(report.status()));
  }
  const Result<std::vector<uint8_t>> png = image.encode_png();
  if (!png.ok()) return to_response(api_error(png.status()));
  return {.type = "image/png",
          .body = std::string(png->begin(), png->end()),
          .headers = {{"Server-Timing", server_timing(image.timings)}}};
}

void answer_with_events(const PictureRequest& picture, net::Client& client, Painter& painter) {
  bool begun = false;
  const auto tell = [&](const char* name, const json& data) {
    if (!begun) client.begin({.type = "text/event-stream"});
    begun = true;
    client.write(event(name, data));
  };
  const auto drawn =
      painter.draw(picture, client,
                   {.waiting =
                        [&](size_t ahead) {
                          tell("waiting", {{"ahead", ahead}});
                        },
                    .progress =
                        [&](Stage stage, int done, int total) {
                          tell("progress", {{"stage", name_of(stage)}, {"done", done}, {"total", total}});
                        }});
  const ApiError* error = std::get_if<ApiError>(&drawn);
  if (error != nullptr && !begun) {  // when its status can still say so
    client.send(to_response(*error));
  } else if (error != nullptr) {
    tell("error", to_json(*error));
  } else {
    const Result<json> report = with_picture(std::get<std::vector<Image>>(drawn).front());
    report.ok() ? tell("picture", *report) : tell("error", to_json(api_error(report.status())));
  }
}

}  // namespace

void generate(const net::Request& request, net::Client& client, Painter& painter, const Limits& limits) {
  Fields fields(request.body);
  const Format format = format_of(fields, request);
  const PictureRequest picture = read_request(fields, limits);
  fields.refuse_others();
  if (fields.error()) {
    client.send(to_response(*fields.error()));
  } else if (format == Format::kEvents) {
    answer_with_events(picture, client, painter);
  } else {
    const auto drawn = painter.draw(picture, client);
    const ApiError* const error = std::get_if<ApiError>(&drawn);
    client.send(error != nullptr ? to_response(*error)
                                 : whole_answer(std::get<std::vector<Image>>(drawn).front(), format));
  }
}

}  // namespace mobilediffusion::serve
