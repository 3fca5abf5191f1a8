// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/weight_files.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "src/files/in_message.h"
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
  const auto invalid = [&](const std::string& what) {
    return Status(StatusCode::kInvalidModel, path.string() + " " + what);
  };
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

using Paths = std::vector<SourcePath>;

// Of "STEM-00001-of-00002.safetensors", or with a variant in it, what stands before the numbers. "" of other names.
std::string before_numbers(const std::string& leaf, int* part, int* parts) {
  constexpr size_t kTail = sizeof "-00001-of-00002.safetensors" - 1;
  if (!leaf.ends_with(kSuffix) || leaf.size() <= kTail) return {};
  const std::string tail = leaf.substr(leaf.size() - kTail);
  int read = 0;
  if (std::sscanf(tail.c_str(), "-%5d-of-%5d.safetensors%n", part, parts, &read) != 2 ||
      static_cast<size_t>(read) != kTail)
    return {};
  return leaf.substr(0, leaf.size() - kTail);
}

// Shards that no index lists, whose own names say how many there are. Nothing where there are none.
Result<Paths> shards_without_index(const SourcePath& folder, const std::vector<std::string>& there,
                                   const std::string& stem) {
  std::map<std::string, std::map<int, std::string>> sets;  // by what stands before the numbers and how many there are
  std::map<std::string, int> totals;
  for (const std::string& leaf : there) {
    int part = 0, parts = 0;
    const std::string name = before_numbers(leaf, &part, &parts);
    if (name != stem && !name.starts_with(stem + ".")) continue;
    const std::string set = name + " of " + std::to_string(parts);
    sets[set][part] = leaf;
    totals[set] = parts;
  }
  if (sets.empty()) return Paths();
  const auto& [set, shards] = *sets.begin();
  const int total = totals[set];
  if (sets.size() > 1)
    return Status(StatusCode::kInvalidModel, folder.string() + " has shards of several kinds without an index (" +
                                                 shards.begin()->second + ", " +
                                                 std::next(sets.begin())->second.begin()->second +
                                                 "); keep one kind, or fetch its .safetensors.index.json");
  if (total < 1 || static_cast<size_t>(total) > kMostShards || shards.begin()->first != 1 ||
      shards.rbegin()->first != total || shards.size() != static_cast<size_t>(total))
    return Status(StatusCode::kInvalidModel, folder.string() + " has " + std::to_string(shards.size()) + " of the " +
                                                 std::to_string(total) + " shards that " + shards.begin()->second +
                                                 " is one of; fetch the others");
  Paths files;
  for (const auto& [part, leaf] : shards) files.push_back(folder / leaf);
  return files;
}

// The variants of it by their words: "bf16" of "diffusion_pytorch_model.bf16.safetensors".
std::vector<std::string> variants(const std::vector<std::string>& there, const std::string& stem) {
  std::vector<std::string> words;
  for (const std::string& leaf : there) {
    int part = 0, parts = 0;
    if (!leaf.starts_with(stem + ".") || !leaf.ends_with(kSuffix) || leaf.size() <= stem.size() + 1 + kSuffix.size() ||
        !before_numbers(leaf, &part, &parts).empty())
      continue;
    words.push_back(leaf.substr(stem.size() + 1, leaf.size() - stem.size() - 1 - kSuffix.size()));
  }
  return words;
}

// What to say where nothing will do. A folder without any weights is a configuration: the file is missed when opened.
Result<Paths> not_found(const SourcePath& path, const std::vector<std::string>& there) {
  std::string list;
  for (const std::string& leaf : there) {
    if (leaf != "config.json" && !leaf.starts_with(".")) add_to_list(list, leaf);
  }
  if (list.empty()) return Paths{path};
  return Status(StatusCode::kNotFound, "there is no " + path.string() + "; beside it there are " + in_message(list));
}

}  // namespace

Result<std::vector<SourcePath>> find_weight_files(const SourcePath& path) {
  const std::string leaf = path.leaf();
  if (path.exists() || !leaf.ends_with(kSuffix)) return Paths{path};
  const std::string stem = leaf.substr(0, leaf.size() - kSuffix.size());
  if (SourcePath index = path.sibling(leaf + ".index.json"); index.exists()) return read_index(index);
  const SourcePath folder = path.parent();
  const std::vector<std::string> there = folder.list();
  std::vector<std::string> words = variants(there, stem);
  // Half precision is as good as the whole file and half its size; another variant counts where it is the only one.
  for (const char* usual : {"fp16", "bf16"}) {
    if (std::find(words.begin(), words.end(), usual) != words.end())
      return Paths{folder / (stem + "." + usual + std::string(kSuffix))};
    for (const std::string word = usual; const std::string& index : {stem + "." + word + ".safetensors.index.json",
                                                                     stem + ".safetensors." + word + ".index.json",
                                                                     stem + ".safetensors.index." + word + ".json"}) {
      if ((folder / index).exists()) return read_index(folder / index);
    }
  }
  if (words.size() == 1) return Paths{folder / (stem + "." + words.front() + std::string(kSuffix))};
  Result<Paths> shards = shards_without_index(folder, there, stem);
  if (!shards.ok() || !shards->empty()) return shards;
  if (const std::optional<SourcePath> pickle = words.empty() ? pickle_beside(path) : std::nullopt) {
    return Status(StatusCode::kUnsupported,
                  "there is no " + path.string() + ", and " + pickle->string() +
                      " is a pickle, which can run any code when it is read: fetch the .safetensors files of the same "
                      "model, or convert it with diffusers' save_pretrained(..., safe_serialization=True)");
  }
  return not_found(path, there);
}

}  // namespace mobilediffusion
