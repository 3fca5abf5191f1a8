// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/file_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "src/int8_weights.h"

namespace mobilediffusion {
namespace {

std::string shown(std::span<const int64_t> shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

std::optional<kernels::DataType> data_type(const std::string& dtype) {
  for (const auto type : {kernels::DataType::kFloat32, kernels::DataType::kFloat16, kernels::DataType::kBFloat16,
                          kernels::DataType::kInt8}) {
    if (dtype == kernels::to_string(type)) return type;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<FileWeights>> FileWeights::open(const std::string& path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file.ok()) return file.status();
  Result<Safetensors> tensors = Safetensors::parse(file->bytes(), path);
  if (!tensors.ok()) return tensors.status();
  return std::unique_ptr<FileWeights>(new FileWeights(path, std::move(*file), std::move(*tensors)));
}

kernels::WeightView FileWeights::get(const std::string& name, std::span<const int64_t> shape) {
  kernels::WeightView view{.shape = {shape.begin(), shape.end()}};
  const auto wrong = [&](const std::string& what) {
    if (status().ok()) status() = Status(StatusCode::kInvalidModel, path_ + what);
    return view;
  };
  const TensorEntry* tensor = tensors_.find(name);
  if (tensor == nullptr) return wrong(" lacks the tensor " + name + " " + shown(shape));
  if (!std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end())) {
    return wrong(": tensor " + name + " has the shape " + shown(tensor->shape) + "; the configuration asks for " +
                 shown(shape));
  }
  const std::optional<kernels::DataType> type = data_type(tensor->dtype);
  if (!type) return wrong(": tensor " + name + " is " + tensor->dtype + "; supported: F32, F16, BF16, I8");
  if (*type == kernels::DataType::kInt8) {
    const Status scaled = read_scales(name, shape.empty() ? 1 : shape[0], view.scales);
    if (!scaled.ok()) return wrong(scaled.message());
  }
  view.type = *type;
  view.data = tensor->data.data();
  return view;
}

// The message begins behind the file's name.
Status FileWeights::read_scales(const std::string& name, int64_t rows, std::vector<float>& scales) const {
  const std::string scale_name = name + std::string(kScaleSuffix);
  const TensorEntry* const found = tensors_.find(scale_name);
  if (found == nullptr)
    return Status(StatusCode::kInvalidModel, ": tensor " + name + " is I8 and has no scales, " + scale_name);
  if (found->dtype != "F32" || found->shape != std::vector<int64_t>{rows}) {
    return Status(StatusCode::kInvalidModel, ": tensor " + scale_name + " is " + found->dtype + " " +
                                                 shown(found->shape) + "; an I8 tensor's scales are F32 " +
                                                 shown(std::array{rows}));
  }
  scales.resize(static_cast<size_t>(rows));
  std::memcpy(scales.data(), found->data.data(), found->data.size());
  for (size_t i = 0; i < scales.size(); ++i) {
    if (!std::isfinite(scales[i])) {
      return Status(StatusCode::kInvalidModel,
                    ": tensor " + scale_name + " holds a NaN or an infinity at element " + std::to_string(i));
    }
  }
  return {};
}

void FileWeights::release(const kernels::WeightView& weight) {
  if (weight.data != nullptr) file_.drop(weight.data, static_cast<size_t>(weight.bytes()));
}

}  // namespace mobilediffusion
