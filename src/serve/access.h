// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Who may talk to the server. Any page of the web can make a browser send requests to a port of this machine; what it
// cannot do is lie about where they come from (Origin, Sec-Fetch-Site), nor, having pointed a name of its own at this
// machine (DNS rebinding), about that name (Host).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/net/http.h"
#include "src/serve/api_error.h"

namespace mobilediffusion::serve {

class Access {
 public:
  // `names` are those that the server answers to beside localhost and every address in numbers; an empty token lets
  // everyone in.
  Access(std::vector<std::string> names, std::string token);

  // Of any request.
  std::optional<ApiError> refuse(const net::Request& request) const;
  // Of one that draws, or asks what is there, likewise.
  std::optional<ApiError> refuse_call(const net::Request& request) const;

 private:
  std::vector<std::string> names_;
  std::string token_;
};

// A token that nobody guesses.
std::string make_token();

}  // namespace mobilediffusion::serve
