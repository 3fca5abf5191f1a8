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

  const Safetensors::Entries& entries() const { return tensors_.entries(); }
  std::span<const std::byte> bytes() const { return file_.bytes(); }  // of the whole file

  // Latches kInvalidModel where the tensor is missing, has another shape, or a dtype that is no F32, F16, BF16 or I8 with its scales
  // (int8_weights.h).
  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override;
  void release(const kernels::WeightView& weight) override;

 private:
  FileWeights(std::string path, MappedFile file, Safetensors tensors)
      : path_(std::move(path)), file_(std::move(file)), tensors_(std::move(tensors)) {}

  Status read_scales(const std::string& name, int64_t rows, std::vector<float>& scales) const;

  std::string path_;
  MappedFile file_;
  Safetensors tensors_;
};

}  // namespace mobilediffusion
