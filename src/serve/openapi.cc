// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/openapi.h"

#include <string>

#include "mobilediffusion/pipeline.h"
#include "src/serve/asset.h"

namespace mobilediffusion::serve {

nlohmann::ordered_json openapi(const nlohmann::ordered_json& facts, const Limits& limits, bool wants_token) {
  using Json = nlohmann::ordered_json;
  Json api = Json::parse(find_asset("openapi.json")->content);
  api["info"]["version"] = std::string(version());
  if (wants_token) api["security"] = Json::array({Json{{"token", Json::array()}}});

  Json& native = api["components"]["schemas"]["GenerateRequest"]["properties"];
  for (const char* side : {"width", "height"}) {
    native[side]["minimum"] = facts["size_multiple"];
    native[side]["maximum"] = limits.side;
    native[side]["multipleOf"] = facts["size_multiple"];
  }
  native["steps"]["maximum"] = limits.steps;
  for (const char* text : {"prompt", "negative_prompt"}) native[text]["maxLength"] = limits.prompt_characters;
  if (!facts["encoder"]) native.erase("image");

  Json& openai = api["components"]["schemas"]["ImagesRequest"]["properties"];
  openai["prompt"]["maxLength"] = limits.prompt_characters;
  openai["n"]["maximum"] = limits.pictures;
  openai["model"]["enum"] = Json::array({facts["model"], nullptr});
  for (const Json& size : facts["sizes"]) {
    if (size[0] <= limits.side && size[1] <= limits.side)
      openai["size"]["enum"].push_back(std::to_string(size[0].get<int>()) + "x" + std::to_string(size[1].get<int>()));
  }
  return api;
}

}  // namespace mobilediffusion::serve
