// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/c/options.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

Result<SaveOptions> save_options_of(const md_save_options* given) {
  const auto opened = SizedOptions<md_save_options>::open(given, "md_save_options");
  if (!opened.ok()) return opened.status();
  SaveOptions options;
  opened->read(&md_save_options::metadata, options.metadata);
  opened->read(&md_save_options::jpeg_quality, options.jpeg_quality);
  return options;
}

}  // namespace mobilediffusion::c

void md_save_options_init(md_save_options* options, size_t struct_size) {
  const mobilediffusion::SaveOptions defaults;
  md_save_options written = {};
  written.metadata = defaults.metadata ? 1 : 0;
  written.jpeg_quality = defaults.jpeg_quality;
  mobilediffusion::c::init_options(options, struct_size, written);
}
