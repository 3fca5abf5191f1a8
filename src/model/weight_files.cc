// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/weight_files.h"

#include <filesystem>
#include <set>

#include "src/files/json_reader.h"
#include "src/model/model_folder.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kSuffix = ".safetensors";
constexpr size_t kMostShards = 1000;

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// With the slash behind it.
std::string folder_of(const std::string& path) { return path.substr(0, path.find_last_of('/') + 1); }

// The files that an index names, each once: beside it, and nowhere else.
Result<std::vector<std::string>> read_index(const std::string& path) {
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  const JsonReader json(*text, path);
  if (!json.status().ok()) return json.status();
  const auto invalid = [&](const std::string& what) { return Status(StatusCode::kInvalidModel, path + " " + what); };
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
  const std::string folder = folder_of(path);
  std::vector<std::string> files;
  for (const std::string& name : names) files.push_back(folder + name);
  return files;
}

// A file of PyTorch's beside it, by one of the names that the libraries give it.
std::string pickle_beside(const std::string& path) {
  const std::string folder = folder_of(path);
  for (const char* name : {"diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.bin", "pytorch_model.bin",
                           "pytorch_model.fp16.bin", "model.ckpt"}) {
    if (exists(folder + name)) return folder + name;
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> find_weight_files(const std::string& path) {
  if (exists(path) || !path.ends_with(kSuffix)) return std::vector<std::string>{path};
  const std::string stem = path.substr(0, path.size() - kSuffix.size());
  if (exists(path + ".index.json")) return read_index(path + ".index.json");
  if (const std::string half = stem + ".fp16.safetensors"; exists(half)) return std::vector<std::string>{half};
  for (const char* index :
       {".fp16.safetensors.index.json", ".safetensors.fp16.index.json", ".safetensors.index.fp16.json"}) {
    if (exists(stem + index)) return read_index(stem + index);
  }
  if (const std::string pickle = pickle_beside(path); !pickle.empty()) {
    return Status(StatusCode::kUnsupported,
                  "there is no " + path + ", and " + pickle +
                      " is a pickle, which can run any code when it is read: fetch the .safetensors files of the same "
                      "model, or convert it with diffusers' save_pretrained(..., safe_serialization=True)");
  }
  return std::vector<std::string>{path};
}

}  // namespace mobilediffusion
