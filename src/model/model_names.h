// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a model's folder is called: people rename folders, link to them, and keep them where Hugging Face's cache puts
// them.
#pragma once

#include <string>
#include <vector>

#include "src/files/file_source.h"

namespace mobilediffusion {

// What a picture's provenance calls the model: of Hugging Face's cache the model's name, else the folder's own,
// wherever a link or ".." leads.
std::string display_name(const SourcePath& folder);

// Every name that says which model it is, the most telling first: as it was given, of every link on the way, of the
// real folder, and of every models--ORGANISATION--NAME part of either path.
std::vector<std::string> names_of(const SourcePath& folder);

}  // namespace mobilediffusion
