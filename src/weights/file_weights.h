// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network's weights out of one safetensors file, or of several.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/files/file_source.h"
#include "src/files/mapped_file.h"
#include "src/files/safetensors.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// Of a weight, by the name that safetensors gives it; none for what no weight is.
std::optional<kernels::DataType> data_type(const std::string& dtype);

class FileWeights : public WeightSource {
 public:
  struct File {
    SourcePath path;
    MappedFile mapped;
    Safetensors tensors;
  };

  // `path` as find_weight_files() takes it.
  static Result<std::unique_ptr<FileWeights>> open(const SourcePath& path);

  const std::vector<File>& files() const { return files_; }  // never empty

  // All that is there, file by file: of a name that several files have, the first counts.
  std::vector<std::pair<std::string, const TensorEntry*>> tensors() const;

  // Whether the files are still those that were opened.
  bool unchanged() const;

  // Latches kInvalidModel where the tensor is missing, has another shape, or a dtype that is no F32, F16, BF16 or I8
  // with its scales (int8_weights.h).
  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override;
  bool has(const std::string& name) const override { return find(name).second != nullptr; }
  void release(const kernels::WeightView& weight) override;

 private:
  explicit FileWeights(std::vector<File> files) : files_(std::move(files)) {}

  Status read_scales(const std::string& name, int64_t rows, std::vector<float>& scales) const;
  std::pair<const File*, const TensorEntry*> find(const std::string& name) const;

  std::vector<File> files_;
};

}  // namespace mobilediffusion
