// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A whole model in one file, which is mapped and never unpacked: its weights and the small files around them.
//
// It is a safetensors file, so that other programs can list and read it:
//   "unet/conv_in.weight"        a weight, in the type that it was stored in; "text_encoder/..." and "vae/..." likewise
//   "files/unet/config.json"     a file's bytes, as U8 of one dimension
//   "__padding__/0"              up to 63 zeros, so that every tensor begins at a multiple of 64 bytes (safetensors.h)
//   __metadata__                 "mobilediffusion_pack": "1", the format's version; "model": the model's name;
//                                "model_names": further names of it, a line each; "format": "pt", as in every file
//                                whose convolutions are stored (out, in, h, w)
// A network's tensors lie together, those first whose bytes are a multiple of 64. The same model gives the same bytes.
//
// Read, it is a FileSource that looks like the model's folder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

inline constexpr std::string_view kPackFormatKey = "mobilediffusion_pack", kPackFormat = "1";
inline constexpr std::string_view kPackModelKey = "model", kPackNamesKey = "model_names";
inline constexpr std::string_view kPackedFiles = "files/";
inline constexpr size_t kPackAlignment = 64;

// A network's folder, and what its file of weights is called there.
struct PackedNetwork {
  std::string_view folder, weights;

  std::string prefix() const { return std::string(folder) + "/"; }
  std::string weights_name() const { return prefix() + std::string(weights); }
};
inline constexpr PackedNetwork kPackedNetworks[] = {{"text_encoder", "model.safetensors"},
                                                    {"unet", "diffusion_pytorch_model.safetensors"},
                                                    {"vae", "diffusion_pytorch_model.safetensors"}};

// Whether a file can have that name: relative, in folders below its root, and none that a system might read otherwise.
bool is_packable_name(std::string_view name);

// Each reads the header alone. By its path a program with a model inside (program_file.h) is that model. Errors:
// kNotFound, kIoError, kInvalidModel (no packed model, or a damaged one), kUnsupported (of another version). `size` is
// in bytes, or MappedFile::kToTheEnd; of the descriptor a duplicate is kept. Bytes in memory must outlive the source.
// `title` is for messages.
using PackedModel = std::shared_ptr<const FileSource>;
Result<PackedModel> open_packed_model(const std::string& path);
Result<PackedModel> open_packed_model(int descriptor, uint64_t offset, uint64_t size, const std::string& title);
Result<PackedModel> open_packed_model(std::span<const std::byte> bytes, const std::string& title);

// Whether a file on disk wants to be one: by how it begins, or, damaged there, by its name; or a program with one
// inside.
bool claims_to_be_packed(const std::string& path);
// The latter alone.
bool holds_packed_model(const std::string& program);

}  // namespace mobilediffusion
