// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network's weights out of one safetensors file.
#pragma once

#include <memory>
#include <string>

#include "src/mapped_file.h"
#include "src/safetensors.h"
#include "src/weights.h"

namespace mobilediffusion {

class FileWeights : public WeightSource {
 public:
  static Result<std::unique_ptr<FileWeights>> open(const std::string& path);

  std::span<const std::byte> bytes() const { return file_.bytes(); }  // of the whole file

  // Latches kInvalidModel where the tensor is missing, has another shape, or a dtype that is no F32, F16 or BF16.
  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override;
  void release(const kernels::WeightView& weight) override;

 private:
  FileWeights(std::string path, MappedFile file, Safetensors tensors)
      : path_(std::move(path)), file_(std::move(file)), tensors_(std::move(tensors)) {}

  std::string path_;
  MappedFile file_;
  Safetensors tensors_;
};

}  // namespace mobilediffusion
