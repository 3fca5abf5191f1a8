// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/openai_api.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "src/files/in_message.h"
#include "src/serve/api_error.h"
#include "src/serve/base64.h"
#include "src/serve/fields.h"
#include "src/serve/picture_request.h"

namespace mobilediffusion::serve {
namespace {

using nlohmann::json;

constexpr size_t kMostName = 1000;  // characters of a field that is read and not used

struct OpenAiRequest {
  PictureRequest picture;
  bool jpeg = false;
  int jpeg_quality = 95;
};

int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void read_size(Fields& fields, const Limits& limits, GenerateOptions& options) {
  const std::optional<std::string> size = fields.text("size", kMostName);
  if (!size || *size == "auto") return;
  const char* const end = size->data() + size->size();
  const auto [middle, width_error] = std::from_chars(size->data(), end, options.width);
  if (width_error == std::errc() && middle != end && *middle == 'x') {
    const auto [rest, height_error] = std::from_chars(middle + 1, end, options.height);
    if (height_error == std::errc() && rest == end && options.width > 0 && options.height > 0 &&
        options.width <= limits.side && options.height <= limits.side)
      return;
  }
  fields.refuse("size", "Invalid value: '" + in_message(*size) + "'. Expected 'auto', or a width and a height of " +
                            std::to_string(limits.side) + " at most with an x between, as 512x384.");
}

OpenAiRequest read_request(Fields& fields, const Limits& limits, const std::string& model) {
  OpenAiRequest request;
  request.picture.prompt = fields.required_text("prompt", limits.prompt_characters);
  const int64_t count = fields.whole("n", 1, limits.pictures).value_or(1);
  std::random_device random;
  for (int64_t i = 0; i < count; ++i) request.picture.seeds.push_back(random());
  read_size(fields, limits, request.picture.options);
  if (fields.one_of("response_format", {"b64_json", "url"}) == "url")
    fields.refuse("response_format", "Invalid value: 'url'. This server keeps no pictures; ask for 'b64_json'.");
  request.jpeg = fields.one_of("output_format", {"png", "jpeg"}) == "jpeg";
  request.jpeg_quality = static_cast<int>(fields.whole("output_compression", 0, 100).value_or(95));
  if (request.jpeg_quality == 0) request.jpeg_quality = 1;
  fields.one_of("background", {"auto", "opaque"});
  if (fields.yes_or_no("stream").value_or(false))
    fields.refuse("stream", "Invalid value: 'true'. POST /v1/generate tells how far a picture is.");
  fields.whole("partial_images", 0, 0);
  for (const char* name : {"user", "quality", "style", "moderation"})
    fields.text(name, kMostName);  // change nothing here
  if (const auto named = fields.text("model", kMostName); named && *named != model)
    fields.refuse("model", "The model '" + in_message(*named) + "' does not exist; there is '" + model + "'.",
                  "model_not_found");
  fields.refuse_others();
  return request;
}

Result<json> answer_of(const std::vector<Image>& images, const OpenAiRequest& request) {
  json data = json::array();
  for (const Image& image : images) {
    const Result<std::vector<uint8_t>> file =
        request.jpeg ? image.encode_jpeg({.jpeg_quality = request.jpeg_quality}) : image.encode_png();
    if (!file.ok()) return file.status();
    data.push_back({{"b64_json", to_base64(*file)}});
  }
  return json{{"created", unix_seconds()},
              {"data", data},
              {"output_format", request.jpeg ? "jpeg" : "png"},
              {"size", std::to_string(images.front().width) + "x" + std::to_string(images.front().height)}};
}

}  // namespace

void generate_as_openai(const net::Request& http, net::Client& client, Painter& painter, const Limits& limits,
                        const std::string& model) {
  Fields fields(http.body);
  const OpenAiRequest request = read_request(fields, limits, model);
  if (fields.error()) {
    client.send(to_response(*fields.error()));
    return;
  }
  const auto drawn = painter.draw(request.picture, client);
  if (const ApiError* const error = std::get_if<ApiError>(&drawn)) {
    client.send(to_response(*error));
    return;
  }
  const Result<json> answer = answer_of(std::get<std::vector<Image>>(drawn), request);
  client.send(answer.ok() ? json_response(*answer) : to_response(api_error(answer.status())));
}

net::Response list_models(const std::string& model) {
  return json_response(
      {{"object", "list"},
       {"data", {{{"id", model}, {"object", "model"}, {"created", 0}, {"owned_by", "mobilediffusion"}}}}});
}

}  // namespace mobilediffusion::serve
