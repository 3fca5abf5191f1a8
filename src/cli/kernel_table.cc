// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/kernel_table.h"

#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "kernels/packing/product_tile.h"
#include "kernels/product/byte_tiles.h"
#include "kernels/runtime/processor.h"
#include "kernels/simd/vector_target.h"
#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/files/in_message.h"
#include "src/model/model_folder.h"
#include "src/networks/cost.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

using kernels::Kernel;
using kernels::ProductKernel;
using nlohmann::ordered_json;  // precisions as they are asked for
using Products = Kernel::Products;

// The operators of one kind that one kernel computes.
struct Use {
  int calls = 0;
  int64_t macs = 0;
};
using Uses = std::map<std::pair<std::string_view, Kernel>, Use>;

Uses uses_of(const ModelFolder& model, kernels::Precision precision) {
  const int side = model.unet.sample_size;
  const ModelCost cost = cost_of(model, side, side, precision);
  Uses uses;
  for (const NetworkCost* network : {&cost.text_encoder, &cost.unet, &cost.decoder}) {
    for (const kernels::OperatorRecord& record : network->operators) {
      Use& use = uses[{record.kind, record.kernel}];
      ++use.calls;
      use.macs += record.macs;
    }
  }
  return uses;
}

// XNNPACK's products, each found out once.
class ProductKernels {
 public:
  const ProductKernel& of(const Kernel& kernel) {
    const auto key = std::pair(kernel.precision, kernel.result);
    const auto found = found_.find(key);
    if (found != found_.end()) return found->second;
    return found_.emplace(key, kernels::product_kernel(kernel.precision, kernel.result)).first->second;
  }

 private:
  std::map<std::pair<kernels::Precision, kernels::Precision>, ProductKernel> found_;
};

std::string_view name_of(kernels::Precision precision) {
  switch (precision) {
    case kernels::Precision::kFloat32:
      return to_string(Precision::kFloat32);
    case kernels::Precision::kFloat16:
      return to_string(Precision::kFloat16);
    case kernels::Precision::kInt8:
      return to_string(Precision::kInt8);
  }
  return {};
}

ordered_json to_json(std::string_view kind, const Kernel& kernel, const Use& use, ProductKernels& products) {
  ordered_json value{{"operator", kind}, {"way", kernel.way}, {"calls", use.calls}, {"macs", use.macs}};
  if (kernel.products == Products::kNone || kernel.products == Products::kLoops) {
    value.update({{"by", "loops"}, {"instructions", kernels::vector_target()}});
  } else if (kernel.products == Products::kPanels) {
    value.update(
        {{"by", "panels"}, {"instructions", kernels::vector_target()}, {"weights", name_of(kernel.precision)}});
  } else if (kernel.products == Products::kBytes) {
    value.update({{"by", "bytes"},
                  {"instructions", kernels::byte_tiles().front()->instructions},
                  {"weights", name_of(kernel.precision)}});
  } else if (kernel.products == Products::kTiles) {
    value.update({{"by", "tiles"}, {"instructions", "AMX bfloat16"}, {"weights", name_of(kernel.precision)}});
  } else {
    const ProductKernel& product = products.of(kernel);
    value.update({{"by", "XNNPACK"},
                  {"instructions", product.instructions},
                  {"better", product.better},
                  {"weights", name_of(kernel.precision)},
                  {"result", name_of(kernel.result)}});
    if (kind != "depthwise") value["tile"] = {product.tile.columns, product.tile.depth};
  }
  return value;
}

std::string text_of(const ordered_json& use) {
  std::string text = use["way"].get<std::string>();
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  const auto instructions = use["instructions"].get<std::string>();
  const auto by = use["by"].get<std::string>();
  if (by == "loops") {
    add("our loops: " + instructions);
  } else if (by == "panels") {
    add("our products of " + use["weights"].get<std::string>() + " weights in float32: " + instructions);
  } else if (by == "bytes") {
    add("our products of " + use["weights"].get<std::string>() + ": " + instructions);
  } else if (by == "tiles") {
    add("our products of " + use["weights"].get<std::string>() + " in bfloat16: " + instructions);
  } else {
    add("XNNPACK's " + use["weights"].get<std::string>() + ": " + (instructions.empty() ? "not known" : instructions));
    if (use.contains("tile")) {
      add("tiles of " + std::to_string(use["tile"][0].get<int>()) + " columns by " +
          std::to_string(use["tile"][1].get<int>()));
    }
    if (const auto better = use["better"].get<std::string>(); !better.empty())
      add("LESS THAN THE PROCESSOR'S " + better);
  }
  return text;
}

void print(const ordered_json& all) {
  std::string instructions;
  for (const ordered_json& name : all["processor"]) add_to_list(instructions, name.get<std::string>());
  std::printf("processor  %s\n", instructions.empty() ? "the plainest of its kind" : instructions.c_str());
  std::printf("our loops  %s, by Highway\n", all["loops"].get<std::string>().c_str());
  std::printf("XNNPACK    %s\n", all["xnnpack"].get<std::string>().c_str());
  for (const auto& [precision, found] : all["precisions"].items()) {
    const auto computed = found["computed"].get<std::string>();
    std::printf("\n%s%s\n", precision.c_str(),
                computed == precision ? "" : (", which this processor has no arithmetic for: " + computed).c_str());
    std::printf("  %-12s %6s %12s   %s\n", "operator", "calls", "mult-adds", "computed by");
    for (const ordered_json& use : found["operators"]) {
      std::printf("  %-12s %6d %10.2f G   %s\n", use["operator"].get<std::string>().c_str(), use["calls"].get<int>(),
                  1e-9 * use["macs"].get<double>(), text_of(use).c_str());
    }
  }
}

}  // namespace

int show_kernels(const std::string& path, bool as_json) {
  const Result<ModelFolder> model = open_model_folder(path);
  if (!model.ok()) return complain(model.status());
  ProductKernels products;
  ordered_json all{{"model", model->name},
                   {"processor", kernels::instruction_sets()},
                   {"loops", kernels::vector_target()},
                   {"xnnpack", xnnpack_version()}};
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat16, Precision::kInt8}) {
    const kernels::Precision computed = kernel_precision(precision);
    ordered_json operators = ordered_json::array();
    for (const auto& [what, use] : uses_of(*model, computed)) {
      operators.push_back(to_json(what.first, what.second, use, products));
    }
    all["precisions"][std::string(to_string(precision))] = {{"computed", name_of(computed)}, {"operators", operators}};
  }
  if (as_json) {
    std::cout << all.dump() << std::endl;
  } else {
    print(all);
  }
  return kDone;
}

}  // namespace mobilediffusion::cli
