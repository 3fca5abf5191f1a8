// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/site.h"

#include <string_view>
#include <utility>

#include "src/serve/api_error.h"
#include "src/serve/asset.h"
#include "src/serve/native_api.h"
#include "src/serve/openai_api.h"
#include "src/serve/openapi.h"

namespace mobilediffusion::serve {
namespace {

constexpr std::string_view kFileList = "files.js";
constexpr const char* kGenerate = "/v1/generate";
constexpr const char* kGenerateAsOpenAi = "/v1/images/generations";

bool is_call(const std::string& path) { return path.starts_with("/v1/"); }
bool is_post(const std::string& path) { return path == kGenerate || path == kGenerateAsOpenAi; }

std::vector<std::string> names_of(const std::vector<PageFile>& files) {
  std::vector<std::string> names;
  for (const PageFile& file : files) names.push_back(file.name);
  return names;
}

// A form of another site can send other types without asking first.
bool is_json(const net::Request& request) {
  const std::string* const type = request.header("content-type");
  return type != nullptr && (*type == "application/json" || type->starts_with("application/json;"));
}

net::Response with_cache_control(net::Response response, const char* how) {
  response.headers.emplace_back("Cache-Control", how);
  return response;
}

}  // namespace

Site::Site(Pipeline& pipeline, nlohmann::ordered_json facts, SiteOptions options)
    : options_(std::move(options)),
      access_(options_.names, options_.token),
      painter_(pipeline, options_.limits.waiting),
      info_(std::move(facts)),
      model_(info_["model"].get<std::string>()),
      openapi_(openapi(info_, options_.limits, !options_.token.empty()).dump(1)),
      files_(page_files("server")),
      file_list_(file_list_script(names_of(files_), version_of(files_))) {
  info_["engine"] = "server";
  info_["device"] = options_.device;
  info_["version"] = std::string(version());
  info_["limits"] = {{"prompt_characters", options_.limits.prompt_characters},
                     {"side", options_.limits.side},
                     {"steps", options_.limits.steps},
                     {"pictures", options_.limits.pictures},
                     {"waiting", options_.limits.waiting}};
  lay_out();
}

std::optional<net::Response> Site::refuse(const net::Request& head) {
  if (const auto error = access_.refuse(head)) return to_response(*error);
  if (is_call(head.path)) {
    if (const auto error = access_.refuse_call(head)) return to_response(*error);
  }
  if (!is_post(head.path)) {
    if (!pages_.contains(head.path)) return to_response({404, "there is nothing at this address", {}, "not_found"});
    if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
  } else if (head.method == "POST") {
    if (is_json(head)) return std::nullopt;
    return to_response({415, "expected a body of Content-Type: application/json", {}, "invalid_content_type"});
  }
  net::Response refused = to_response({405, head.method + " is not for " + head.path, {}, "method_not_allowed"});
  refused.headers.emplace_back("Allow", is_post(head.path) ? "POST" : "GET, HEAD");
  return refused;
}

void Site::answer(const net::Request& request, net::Client& client) {
  if (request.path == kGenerate) {
    generate(request, client, painter_, options_.limits);
  } else if (request.path == kGenerateAsOpenAi) {
    generate_as_openai(request, client, painter_, options_.limits, model_);
  } else {
    client.send(pages_.at(request.path)());
  }
}

net::Response Site::error(const net::Refusal& refusal) { return to_response({refusal.status, refusal.message}); }

void Site::lay_out() {
  pages_["/v1/info"] = [this] { return with_cache_control(json_response(info_), "no-store"); };
  pages_["/v1/models"] = [this] { return list_models(model_); };
  pages_["/openapi.json"] = [this] { return net::Response{.type = "application/json", .body = openapi_}; };
  const auto add = [this](const std::string& name, std::string_view content) {
    pages_["/" + name] = [type = media_type(name), content] {
      return with_cache_control({.type = type, .body = std::string(content)}, "no-cache");
    };
  };
  for (const PageFile& file : files_) add(file.name, file.content);
  add(std::string(kFileList), file_list_);
  pages_["/"] = pages_.at("/index.html");
}

net::Headers security_headers() {
  return {{"Content-Security-Policy",
           "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
           "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Embedder-Policy", "require-corp"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

}  // namespace mobilediffusion::serve
