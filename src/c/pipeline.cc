// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pipeline.h"

#include <cstdint>
#include <span>

#include "src/c/answer.h"
#include "src/c/handles.h"
#include "src/c/options.h"

using mobilediffusion::Image;
using mobilediffusion::Pipeline;
using mobilediffusion::Result;
using mobilediffusion::Status;
using mobilediffusion::c::answer;
using mobilediffusion::c::generate_options_of;
using mobilediffusion::c::load_options_of;
using mobilediffusion::c::require;

md_status md_pipeline_load(const char* model, const md_load_options* options, md_pipeline** pipeline,
                           md_error** error) {
  return answer("pipeline", pipeline, error, [&]() -> Result<Pipeline> {
    const auto given = load_options_of(options);
    if (!given.ok()) return given.status();
    return model != nullptr ? Pipeline::load(model, *given) : Pipeline::load(*given);
  });
}

md_status md_pipeline_load_descriptor(int descriptor, uint64_t offset, uint64_t bytes, const md_load_options* options,
                                      md_pipeline** pipeline, md_error** error) {
  return answer("pipeline", pipeline, error, [&]() -> Result<Pipeline> {
    const auto given = load_options_of(options);
    return given.ok() ? Pipeline::load(descriptor, offset, bytes, *given) : given.status();
  });
}

md_status md_pipeline_load_memory(const uint8_t* model, size_t bytes, const md_load_options* options,
                                  md_pipeline** pipeline, md_error** error) {
  return answer("pipeline", pipeline, error, [&]() -> Result<Pipeline> {
    if (Status status = require({{"model", model}}); !status.ok()) return status;
    const auto given = load_options_of(options);
    return given.ok() ? Pipeline::load(std::span(model, bytes), *given) : given.status();
  });
}

void md_pipeline_free(md_pipeline* pipeline) { delete pipeline; }

int32_t md_pipeline_default_width(const md_pipeline* pipeline) {
  return pipeline != nullptr ? pipeline->pipeline.default_width() : 0;
}

int32_t md_pipeline_default_height(const md_pipeline* pipeline) {
  return pipeline != nullptr ? pipeline->pipeline.default_height() : 0;
}

int32_t md_pipeline_size_multiple(const md_pipeline* pipeline) {
  return pipeline != nullptr ? pipeline->pipeline.size_multiple() : 0;
}

const char* md_pipeline_model_name(const md_pipeline* pipeline) {
  return pipeline != nullptr ? pipeline->pipeline.model_name().c_str() : "";
}

double md_pipeline_load_seconds(const md_pipeline* pipeline) {
  return pipeline != nullptr ? pipeline->pipeline.load_seconds() : 0;
}

md_status md_pipeline_generate(md_pipeline* pipeline, const char* prompt, const md_generate_options* options,
                               md_image** image, md_error** error) {
  return answer("image", image, error, [&]() -> Result<Image> {
    if (Status status = require({{"pipeline", pipeline}, {"prompt", prompt}}); !status.ok()) return status;
    const auto given = generate_options_of(options);
    if (!given.ok()) return given.status();
    return pipeline->pipeline.generate(prompt, *given);
  });
}

void md_pipeline_cancel(md_pipeline* pipeline) {
  if (pipeline != nullptr) pipeline->pipeline.cancel();
}
