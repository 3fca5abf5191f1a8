// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/file_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "src/model/weight_files.h"
#include "src/weights/int8_weights.h"

namespace mobilediffusion {
namespace {

// Equal, or one a linear's (out, in) and the other the same as a 1x1 convolution, (out, in, 1, 1).
bool same_matrix(std::span<const int64_t> a, std::span<const int64_t> b) {
  const auto pointwise = [](std::span<const int64_t> s) { return s.size() == 4 && s[2] == 1 && s[3] == 1; };
  if (a.size() == 2 && pointwise(b)) b = b.first(2);
  if (b.size() == 2 && pointwise(a)) a = a.first(2);
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

std::optional<kernels::DataType> data_type(const std::string& dtype) {
  for (const auto type : {kernels::DataType::kFloat32, kernels::DataType::kFloat16, kernels::DataType::kBFloat16,
                          kernels::DataType::kInt8}) {
    if (dtype == kernels::to_string(type)) return type;
  }
  return std::nullopt;
}

Result<std::unique_ptr<FileWeights>> FileWeights::open(const SourcePath& path) {
  Result<std::vector<SourcePath>> paths = find_weight_files(path);
  if (!paths.ok()) return paths.status();
  std::vector<File> files;
  for (const SourcePath& each : *paths) {
    Result<TensorFile> file = each.open_tensors();
    if (!file.ok()) return file.status();
    files.push_back({each, std::move(file->mapped), std::move(file->tensors)});
  }
  return std::unique_ptr<FileWeights>(new FileWeights(std::move(files)));
}

std::vector<std::pair<std::string, const TensorEntry*>> FileWeights::tensors() const {
  std::vector<std::pair<std::string, const TensorEntry*>> all;
  for (const File& file : files_) {
    for (const auto& [name, entry] : file.tensors.entries()) {
      if (find(name).second == &entry) all.emplace_back(name, &entry);
    }
  }
  return all;
}

bool FileWeights::unchanged() const {
  return std::all_of(files_.begin(), files_.end(), [](const File& file) {
    const Result<MappedFile> now = file.path.open();
    return now.ok() && now->identity() == file.mapped.identity();
  });
}

std::pair<const FileWeights::File*, const TensorEntry*> FileWeights::find(const std::string& name) const {
  for (const File& file : files_) {
    if (const TensorEntry* tensor = file.tensors.find(name)) return {&file, tensor};
  }
  return {&files_.front(), nullptr};
}

kernels::WeightView FileWeights::get(const std::string& name, std::span<const int64_t> shape) {
  kernels::WeightView view{.shape = {shape.begin(), shape.end()}};
  const auto [file, tensor] = find(name);
  const auto wrong = [&, path = file->path.string()](const std::string& what) {
    if (status().ok()) status() = Status(StatusCode::kInvalidModel, path + what);
    return view;
  };
  if (tensor == nullptr) return wrong(" lacks the tensor " + name + " " + in_message(shape));
  if (!same_matrix(shape, tensor->shape)) {
    return wrong(": tensor " + name + " has the shape " + in_message(tensor->shape) + "; the configuration asks for " +
                 in_message(shape));
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
  const TensorEntry* const found = find(scale_name).second;
  if (found == nullptr)
    return Status(StatusCode::kInvalidModel, ": tensor " + name + " is I8 and has no scales, " + scale_name);
  if (found->dtype != "F32" || found->shape != std::vector<int64_t>{rows}) {
    return Status(StatusCode::kInvalidModel, ": tensor " + scale_name + " is " + found->dtype + " " +
                                                 in_message(found->shape) + "; an I8 tensor's scales are F32 " +
                                                 in_message(std::array{rows}));
  }
  scales.resize(static_cast<size_t>(rows));
  if (!scales.empty()) std::memcpy(scales.data(), found->data.data(), found->data.size());
  for (size_t i = 0; i < scales.size(); ++i) {
    if (!std::isfinite(scales[i])) {
      return Status(StatusCode::kInvalidModel,
                    ": tensor " + scale_name + " holds a NaN or an infinity at element " + std::to_string(i));
    }
  }
  return {};
}

void FileWeights::release(const kernels::WeightView& weight) {
  const auto* const data = static_cast<const std::byte*>(weight.data);
  for (File& file : files_) {
    const std::span<const std::byte> bytes = file.mapped.bytes();
    if (data >= bytes.data() && data < bytes.data() + bytes.size())
      file.mapped.drop(data, static_cast<size_t>(weight.bytes()));
  }
}

}  // namespace mobilediffusion
