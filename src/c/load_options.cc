// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <string>
#include <string_view>

#include "src/c/filters.h"
#include "src/c/loras.h"
#include "src/c/options.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

Result<LoadOptions> load_options_of(const md_load_options* given) {
  const auto opened = SizedOptions<md_load_options>::open(given, "md_load_options");
  if (!opened.ok()) return opened.status();
  LoadOptions options;
  opened->read(&md_load_options::threads, options.threads);
  opened->read(&md_load_options::precision, options.precision);
  opened->read(&md_load_options::memory, options.memory);
  opened->read(&md_load_options::priority, options.priority);
  opened->read(&md_load_options::cache_folder, options.cache_folder);
  opened->read(&md_load_options::cache_bytes, options.cache_bytes);
  opened->read(&md_load_options::vae, options.vae);
  opened->read(&md_load_options::thread_pool, options.thread_pool);
  if (Status status = read_loras(*opened, options.loras); !status.ok()) return status;

  md_log_callback log = nullptr;
  void* user_data = nullptr;
  opened->read(&md_load_options::log, log);
  opened->read(&md_load_options::log_user_data, user_data);
  if (log != nullptr) {
    options.log = [log, user_data](LogLevel level, std::string_view message) {
      log(user_data, static_cast<md_log_level>(level), std::string(message).c_str());
    };
  }

  if (Status status = read_filters(*opened, options); !status.ok()) return status;
  return options;
}

}  // namespace mobilediffusion::c

void md_load_options_init(md_load_options* options, size_t struct_size) {
  const mobilediffusion::LoadOptions defaults;
  md_load_options written = {};
  written.threads = defaults.threads;
  written.precision = static_cast<md_precision>(defaults.precision);
  written.memory = static_cast<md_memory_use>(defaults.memory);
  written.priority = static_cast<md_priority>(defaults.priority);
  written.cache_bytes = defaults.cache_bytes;
  mobilediffusion::c::init_options(options, struct_size, written);
}
