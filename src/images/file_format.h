// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The kinds of files that pictures are written to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

enum class FileFormat { kPng, kJpeg };

// What a file of that name is to be, by its extension: ".png", or none; ".jpg", ".jpeg". Errors: kInvalidArgument,
// which names the extensions that are known.
Result<FileFormat> format_of_path(const std::string& path);

// What a file is, by how it begins; nothing where it is neither.
std::optional<FileFormat> format_of_bytes(std::span<const uint8_t> bytes);

}  // namespace mobilediffusion
