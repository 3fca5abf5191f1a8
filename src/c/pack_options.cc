// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/c/loras.h"
#include "src/c/options.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

Result<PackOptions> pack_options_of(const md_pack_options* given) {
  const auto opened = SizedOptions<md_pack_options>::open(given, "md_pack_options");
  if (!opened.ok()) return opened.status();
  PackOptions options;
  opened->read(&md_pack_options::weights, options.weights);
  opened->read(&md_pack_options::vae, options.vae);
  opened->read(&md_pack_options::program, options.program);
  if (Status status = read_loras(*opened, options.loras); !status.ok()) return status;

  md_cancelled_callback cancelled = nullptr;
  void* user_data = nullptr;
  opened->read(&md_pack_options::cancelled, cancelled);
  opened->read(&md_pack_options::cancelled_user_data, user_data);
  if (cancelled != nullptr) options.cancelled = [cancelled, user_data] { return cancelled(user_data) != 0; };
  return options;
}

}  // namespace mobilediffusion::c

void md_pack_options_init(md_pack_options* options, size_t struct_size) {
  const mobilediffusion::PackOptions defaults;
  md_pack_options written = {};
  written.weights = static_cast<md_stored_weights>(defaults.weights);
  mobilediffusion::c::init_options(options, struct_size, written);
}
