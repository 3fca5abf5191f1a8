// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/weight_files.h"

#include <optional>
#include <set>
#include <string>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kSuffix = ".safetensors";
constexpr size_t kMostShards = 1000;

// The files that an index names, each once: beside it, and nowhere else.
Result<std::vector<SourcePath>> read_index(const SourcePath& path) {
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  const JsonReader json(*text, path.string());
  if (!json.status().ok()) return json.status();
  const auto invalid = [&](const std::string& what) { return Status(StatusCode::kInvalidModel, path.string() + " " + what); };
  if (!json.has("weight_map") || !json.object()["weight_map"].is_object() || json.object()["weight_map"].empty())
    return invalid("lacks the key \"weight_map\" (an object of tensors and their files)");
  std::set<std::string> names;
  for (const auto& [tensor, file] : json.object()["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : std::string();
    if (!name.ends_with(kSuffix) || name.find('/') != std::string::npos || name.find('\\') != std::string::npos)
      return invalid("puts the tensor " + in_message(tensor) + " into " + in_message(file.dump()) +
                     "; expected a safetensors file beside it");
    names.insert(name);
  }
  if (names.size() > kMostShards)
    return invalid("names " + std::to_string(names.size()) + " files; at most " + std::to_string(kMostShards) +
                   " are read");
  std::vector<SourcePath> files;
  for (const std::string& name : names) files.push_back(path.sibling(name));
  return files;
}

// A file of PyTorch's beside it, by one of the names that the libraries give it.
std::optional<SourcePath> pickle_beside(const SourcePath& path) {
  for (const char* name : {"diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.bin", "pytorch_model.bin",
                           "pytorch_model.fp16.bin", "model.ckpt"}) {
    if (SourcePath pickle = path.sibling(name); pickle.exists()) return pickle;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<SourcePath>> find_weight_files(const SourcePath& path) {
  const std::string leaf = path.leaf();
  if (path.exists() || !leaf.ends_with(kSuffix)) return std::vector<SourcePath>{path};
  const std::string stem = leaf.substr(0, leaf.size() - kSuffix.size());
  if (SourcePath index = path.sibling(leaf + ".index.json"); index.exists()) return read_index(index);
  if (SourcePath half = path.sibling(stem + ".fp16.safetensors"); half.exists()) return std::vector<SourcePath>{half};
  for (const char* name :
       {".fp16.safetensors.index.json", ".safetensors.fp16.index.json", ".safetensors.index.fp16.json"}) {
    if (SourcePath index = path.sibling(stem + name); index.exists()) return read_index(index);
  }
  if (const std::optional<SourcePath> pickle = pickle_beside(path)) {
    return Status(StatusCode::kUnsupported,
                  "there is no " + path.string() + ", and " + pickle->string() +
                      " is a pickle, which can run any code when it is read: fetch the .safetensors files of the same "
                      "model, or convert it with diffusers' save_pretrained(..., safe_serialization=True)");
  }
  return std::vector<SourcePath>{path};
}

}  // namespace mobilediffusion
