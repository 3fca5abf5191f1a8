// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which address answers what: the page's files and the calls behind them.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/net/http_server.h"
#include "src/serve/access.h"
#include "src/serve/limits.h"
#include "src/serve/page_files.h"
#include "src/serve/painter.h"

namespace mobilediffusion::serve {

struct SiteOptions {
  Limits limits = {};
  std::vector<std::string> names = {};  // as Access takes them
  std::string token = {};               // likewise
  std::string device = {};              // what draws, in words
};

class Site : public net::Handler {
 public:
  // The pipeline must outlive it; `facts` are its model's.
  Site(Pipeline& pipeline, nlohmann::ordered_json facts, SiteOptions options);

  std::optional<net::Response> refuse(const net::Request& head) override;
  void answer(const net::Request& request, net::Client& client) override;
  net::Response error(const net::Refusal& refusal) override;

 private:
  void lay_out();

  const SiteOptions options_;
  const Access access_;
  Painter painter_;
  nlohmann::ordered_json info_;
  const std::string model_;
  std::string openapi_;
  std::vector<PageFile> files_;
  std::string file_list_;
  std::map<std::string, std::function<net::Response()>> pages_;  // by address: all that can be got
};

// What a browser is told with every answer, so that the page stays what it is.
net::Headers security_headers();

}  // namespace mobilediffusion::serve
