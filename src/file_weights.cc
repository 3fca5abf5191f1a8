// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/file_weights.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace mobilediffusion {
namespace {

std::string shown(std::span<const int64_t> shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

std::optional<kernels::DataType> data_type(const std::string& dtype) {
  for (const auto type : {kernels::DataType::kFloat32, kernels::DataType::kFloat16, kernels::DataType::kBFloat16}) {
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
  if (!type) return wrong(": tensor " + name + " is " + tensor->dtype + "; supported: F32, F16, BF16");
  view.type = *type;
  view.data = tensor->data.data();
  return view;
}

void FileWeights::release(const kernels::WeightView& weight) {
  if (weight.data != nullptr) file_.drop(weight.data, static_cast<size_t>(weight.bytes()));
}

}  // namespace mobilediffusion
