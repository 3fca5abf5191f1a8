// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion page: the page of `serve` as a folder of files, with the WebAssembly package and a model in it.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/pack.h"
#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/new_folder.h"
#include "src/cli/platform.h"
#include "src/cli/stored_weights_flag.h"
#include "src/files/digest.h"
#include "src/files/file_io.h"
#include "src/files/mapped_file.h"
#include "src/files/utf8_path.h"
#include "src/model/model_folder.h"
#include "src/serve/model_facts.h"
#include "src/serve/page_files.h"

namespace mobilediffusion::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPackageName = "mobilediffusion";  // its folder's on the page, which engine_wasm.js knows
constexpr size_t kMostPackageFile = size_t{64} << 20;

struct PageFlags {
  std::string output, package, model;
  std::string weights = "keep";
  PackOptions pack;
};

Status write(const fs::path& path, std::string_view content) {
  return write_file_atomically(to_utf8(path), {reinterpret_cast<const uint8_t*>(content.data()), content.size()});
}

// The parts of the npm package that a browser may fetch, by their paths within it. An error names what is missing.
Result<std::vector<std::string>> package_files(const std::string& package) {
  const fs::path root = to_path(package);
  std::error_code error;
  for (const char* needed : {"index.js", "lib/pipeline.js", "worker/browser.js", "wasm/threads.js", "wasm/threads.wasm",
                             "wasm/single.js", "wasm/single.wasm"}) {
    if (!fs::is_regular_file(root / needed, error))
      return Status(StatusCode::kNotFound, package + " has no " + needed +
                                               "; expected the npm package mobilediffusion, as npm install or "
                                               "src/bindings/javascript/pack makes it");
  }
  std::vector<std::string> files = {"index.js"};
  for (const char* part : {"lib", "worker", "wasm"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / part, error)) {
      if (entry.is_regular_file(error))
        files.push_back(to_utf8(entry.path().lexically_relative(root).generic_string()));
    }
    if (error) return Status(StatusCode::kIoError, "cannot read " + package + "/" + part + ": " + error.message());
  }
  std::sort(files.begin(), files.end());  // for the version, which is of all of them in this order
  return files;
}

// Copies these files of the package; `version` becomes what they are, too.
Result<std::vector<std::string>> copy_package(const std::string& package, const std::vector<std::string>& files,
                                              const fs::path& folder, uint64_t* version) {
  std::vector<std::string> names;
  for (const std::string& file : files) {
    const fs::path target = folder / kPackageName / to_path(file);
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    const Result<std::vector<uint8_t>> content = read_file(package + "/" + file, kMostPackageFile);
    if (!content.ok()) return content.status();
    if (const Status status = write_file_atomically(to_utf8(target), *content); !status.ok()) return status;
    *version = digest(std::as_bytes(std::span(*content)), *version);
    names.push_back(std::string(kPackageName) + "/" + file);
  }
  return names;
}

// What engine_wasm.js reads of the model, whose bytes the address names: what is kept under it never changes.
Status write_model(const PageFlags& options, const std::string& model, const fs::path& folder) {
  const fs::path file = folder / "model.mdiff";
  if (const Status status = pack(model, to_utf8(file), options.pack); !status.ok()) return status;
  Result<nlohmann::ordered_json> facts = serve::model_facts(to_utf8(file), "");
  if (!facts.ok()) return facts.status();
  const Result<MappedFile> mapped = MappedFile::open(to_utf8(file));
  if (!mapped.ok()) return mapped.status();
  (*facts)["version"] = std::string(version());
  (*facts)["url"] = "model.mdiff?" + to_hex(digest(mapped->bytes()));
  return write(folder / "model.json", facts->dump());
}

Status fill(const PageFlags& options, const std::vector<std::string>& package_files, const std::string& model,
            const fs::path& folder) {
  const std::vector<serve::PageFile> files = serve::page_files("wasm");
  std::vector<std::string> names;
  for (const serve::PageFile& file : files) {
    if (const Status status = write(folder / file.name, file.content); !status.ok()) return status;
    names.push_back(file.name);
  }
  uint64_t version = digest(serve::version_of(files));
  const Result<std::vector<std::string>> package = copy_package(options.package, package_files, folder, &version);
  if (!package.ok()) return package.status();
  names.insert(names.end(), package->begin(), package->end());
  if (const Status status = write_model(options, model, folder); !status.ok()) return status;
  return write(folder / "files.js", serve::file_list_script(names, to_hex(version)));
}

int run_page(PageFlags options) {
  options.pack.weights = *stored_weights(options.weights);
  options.pack.cancelled = &interrupted;
  const Result<std::vector<std::string>> files = package_files(options.package);
  if (!files.ok()) return complain(files.status());
  const Result<std::string> model = options.model.empty() ? find_default_model() : options.model;
  if (!model.ok()) return complain(model.status());
  const Result<fs::path> made =
      make_folder(options.output, [&](const fs::path& folder) { return fill(options, *files, *model, folder); });
  if (!made.ok()) return complain(made.status());
  std::printf("%s\n", to_utf8(*made).c_str());
  return kDone;
}

}  // namespace

Run add_page(CLI::App& app) {
  auto options = std::make_shared<PageFlags>();
  CLI::App* const command =
      app.add_subcommand("page", "Write the page of `serve` as static files that draw in the browser by themselves");
  command->add_option("OUT_DIR", options->output, "The folder to make, for any web host")->required();
  command
      ->add_option("--package", options->package,
                   "The folder of the npm package mobilediffusion, with its WebAssembly: node_modules/mobilediffusion, "
                   "or what src/bindings/javascript/pack leaves in build/javascript/package")
      ->required();
  command->add_option("-m,--model", options->model,
                      "A model folder or a packed model. Default: the model that comes with the program");
  command
      ->add_option("--weights", options->weights, "As pack has them: keep, int8 or float16, which are less to download")
      ->capture_default_str()
      ->check(CLI::IsMember({"keep", "int8", "float16"}));
  command->add_option("--vae", options->pack.vae, "A folder with another autoencoder than the model's vae/");
  add_loras(*command, &options->pack.loras);
  command->footer(
      "Example:\n"
      "  mobilediffusion page site --package node_modules/mobilediffusion\n\n"
      "Any static host serves the folder, at any path, by https or on localhost. Threads want two headers; where a\n"
      "host does not send them, the page's service worker adds them itself.");
  return [options] { return run_page(*options); };
}

}  // namespace mobilediffusion::cli
