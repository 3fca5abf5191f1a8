// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What downloads leave in place of a model's file: the pointer that git keeps where Git LFS is not installed, a web
// page, a server's answer that there is no such file.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace mobilediffusion {

// What it is and how to come by the file itself, as a sentence that begins behind the file's name. Empty where the
// bytes are none of these: what no file of a model can be, whatever its format.
std::string impostor(std::span<const std::byte> bytes);

// Likewise, for a file whose format is not text: a short answer in words, an archive, a model of another program.
std::string binary_impostor(std::span<const std::byte> bytes);

}  // namespace mobilediffusion
