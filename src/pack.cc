// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pack.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "src/files/file_io.h"
#include "src/files/guarded.h"
#include "src/files/packed_model.h"
#include "src/files/program_file.h"
#include "src/model/model_names.h"
#include "src/model_tensors.h"
#include "src/options/option_checks.h"
#include "src/text/tokenizer.h"
#include "src/text/word_list.h"
#include "src/weights/file_weights.h"
#include "src/weights/int8_weights.h"
#include "src/weights/lora.h"
#include "src/weights/stored_weights.h"

namespace mobilediffusion {
namespace {

// Another source's files; it remembers which of them were read.
class Recorder : public FileSource {
 public:
  explicit Recorder(const FileSource& source) : source_(source) {}

  Result<MappedFile> open(const std::string& name) const override {
    Result<MappedFile> file = source_.open(name);
    if (file.ok()) read_.insert(name);
    return file;
  }
  bool exists(const std::string& name) const override { return source_.exists(name); }
  bool is_folder(const std::string& name) const override { return source_.is_folder(name); }
  std::vector<std::string> list(const std::string& folder) const override { return source_.list(folder); }
  std::string title(const std::string& name) const override { return source_.title(name); }

  const std::set<std::string>& read() const { return read_; }

 private:
  const FileSource& source_;
  mutable std::set<std::string> read_;
};

// The files beside the weights that loading a model reads, and its licences, by their names below it.
Result<std::map<std::string, SourcePath>> small_files(const ModelFolder& model, const std::string& vae) {
  const auto recorder = std::make_shared<Recorder>(model.path.source());
  const SourcePath folder(recorder, model.path.name());
  if (const auto read = open_model_folder(folder, vae); !read.ok()) return read.status();
  if (const auto read = load_tokenizer(folder / "tokenizer", model.text_encoder); !read.ok()) return read.status();
  if (const auto read = WordList::load(folder); !read.ok()) return read.status();
  const std::string root = (model.path / "").name();
  std::map<std::string, SourcePath> files;
  for (const std::string& name : recorder->read()) {
    const SourcePath file(model.path / name.substr(root.size()));
    if (!(file.parent() == model.vae_folder)) files.emplace(name.substr(root.size()), file);
  }
  files["vae/config.json"] = model.vae_folder / "config.json";
  for (const std::string& leaf : model.path.list()) {
    if ((leaf.starts_with("LICENSE") || leaf.starts_with("NOTICE")) && !(model.path / leaf).is_folder())
      files.emplace(leaf, model.path / leaf);
  }
  return files;
}

// The tensors of one network as they go into the file.
class Network {
 public:
  static Result<Network> open(const PackedNetwork& place, const SourcePath& weights,
                              const ModelTensors::Entries& entries, const Loras* loras) {
    static const LowRankChanges none;
    Result<std::unique_ptr<FileWeights>> file = FileWeights::open(weights);
    if (!file.ok()) return file.status();
    const LowRankChanges& changes = loras == nullptr ? none : loras->changes(place.folder);
    return Network(place, std::move(*file), entries, changes);
  }

  // Errors: kInvalidModel, kNonFinite; kInvalidArgument where the weights cannot be stored so.
  Status check(StoredWeights stored) {
    if (Status status = check_stored(stored, *file_, *changed_, *entries_); !status.ok()) return status;
    for (const ManifestWeights::Entry& entry : *entries_) {
      const kernels::WeightView view = changed_->get(entry.name, entry.shape);
      if (view.data != nullptr && changes_->contains(entry.name))
        kernels::require_finite(view, entry.name, changed_->status());
      changed_->release(view);
      if (!changed_->status().ok()) return changed_->status();
    }
    return {};
  }

  void add_to(std::vector<TensorSource>& tensors, StoredWeights stored) {
    std::map<std::string, const ManifestWeights::Entry*, std::less<>> wanted;
    for (const ManifestWeights::Entry& entry : *entries_) wanted.emplace(entry.name, &entry);
    for (const auto& [name, entry] : file_->tensors()) {
      const auto found = wanted.find(name);
      if (found == wanted.end()) {
        if (is_scale_of(name, wanted)) add_as_it_is(name, *entry, tensors);
      } else if (is_stored_anew(stored, *found->second, changes_->contains(name) ? "F32" : entry->dtype)) {
        errors_.push_back(std::make_unique<QuantizationError>());
        add_stored_tensor(stored, *changed_, *found->second, prefix_, errors_.back().get(), tensors);
      } else if (changes_->contains(name)) {
        add_changed(*found->second, tensors);
      } else {
        add_as_it_is(name, *entry, tensors);
      }
    }
  }

 private:
  Network(const PackedNetwork& place, std::unique_ptr<FileWeights> file, const ModelTensors::Entries& entries,
          const LowRankChanges& changes)
      : prefix_(place.prefix()),
        file_(std::move(file)),
        entries_(&entries),
        changes_(&changes),
        changed_(std::make_unique<ChangedWeights>(*file_, std::string(place.folder), changes, nullptr)) {}

  // Of 8 bits that stay: what is changed has become float32.
  bool is_scale_of(std::string_view name,
                   const std::map<std::string, const ManifestWeights::Entry*, std::less<>>& wanted) const {
    if (!name.ends_with(kScaleSuffix)) return false;
    name.remove_suffix(kScaleSuffix.size());
    return wanted.contains(name) && !changes_->contains(name);
  }

  void add_as_it_is(const std::string& name, const TensorEntry& entry, std::vector<TensorSource>& tensors) const {
    tensors.push_back(tensor_in_memory(prefix_ + name, entry.dtype, entry.shape, entry.data));
  }

  // The sum is made when the file asks for its first bytes, and gone after its last.
  void add_changed(const ManifestWeights::Entry& entry, std::vector<TensorSource>& tensors) const {
    const size_t bytes = sizeof(float) * static_cast<size_t>(entry.elements());
    const auto view = std::make_shared<kernels::WeightView>();
    tensors.push_back({prefix_ + entry.name, "F32", entry.shape, bytes,
                       [view, bytes, entry, changed = changed_.get()](size_t offset, std::span<std::byte> piece) {
                         if (offset == 0) *view = changed->get(entry.name, entry.shape);
                         std::copy_n(static_cast<const std::byte*>(view->data) + offset, piece.size(), piece.data());
                         if (offset + piece.size() == bytes) changed->release(*view);
                       }});
  }

  std::string prefix_;
  std::unique_ptr<FileWeights> file_;
  const ModelTensors::Entries* entries_;
  const LowRankChanges* changes_;
  std::unique_ptr<ChangedWeights> changed_;
  std::vector<std::unique_ptr<QuantizationError>> errors_;
};

Safetensors::Metadata metadata_of(const SourcePath& given, const ModelFolder& model) {
  std::vector<std::string> names = model.path.source().names();
  if (model.path.on_disk()) {
    for (const SourcePath& path : {given, model.path}) {
      for (std::string& name : names_of(path)) names.push_back(std::move(name));
    }
  }
  std::string further;
  std::set<std::string> seen = {model.name};
  for (const std::string& name : names) {
    if (seen.insert(name).second) further += (further.empty() ? "" : "\n") + name;
  }
  return {{"format", "pt"},
          {std::string(kPackFormatKey), std::string(kPackFormat)},
          {std::string(kPackModelKey), model.name},
          {std::string(kPackNamesKey), further}};
}

Status write(const std::string& path, const std::string& file, const PackOptions& options) {
  if (Status status = check(options); !status.ok()) return status;
  const Result<ModelFolder> model = open_model_folder(path, options.vae);
  if (!model.ok()) return model.status();
  const Result<std::map<std::string, SourcePath>> files = small_files(*model, options.vae);
  if (!files.ok()) return files.status();
  const Result<ModelTensors> asked = ModelTensors::of(*model);
  if (!asked.ok()) return asked.status();
  std::shared_ptr<const Loras> loras;
  if (!options.loras.empty()) {
    auto opened = Loras::open(options.loras, {{"text_encoder", asked->text_encoder}, {"unet", asked->unet}},
                              model->path.string());
    if (!opened.ok()) return opened.status();
    loras = std::move(*opened);
  }

  std::vector<TensorSource> tensors;
  std::vector<MappedFile> mapped;  // what the tensors are views of
  for (const auto& [name, from] : *files) {
    Result<MappedFile> opened = from.open();
    if (!opened.ok()) return opened.status();
    const std::span<const std::byte> bytes = opened->bytes();
    tensors.push_back(
        tensor_in_memory(std::string(kPackedFiles) + name, "U8", {static_cast<int64_t>(bytes.size())}, bytes));
    mapped.push_back(std::move(*opened));
  }
  std::vector<Network> networks;
  const auto& [text_encoder, unet, vae] = kPackedNetworks;
  for (const auto& [place, weights, entries] :
       {std::tuple(text_encoder, model->text_encoder_weights(), &asked->text_encoder),
        std::tuple(unet, model->unet_weights(), &asked->unet),
        std::tuple(vae, model->decoder_weights(), &asked->autoencoder)}) {
    Result<Network> network = Network::open(place, weights, *entries, loras.get());
    if (!network.ok()) return network.status();
    if (Status status = network->check(options.weights); !status.ok()) return status;
    network->add_to(tensors, options.weights);
    networks.push_back(std::move(*network));
  }
  Result<AtomicFile> out = AtomicFile::open(file);
  if (!out.ok()) return out.status();
  uint64_t begin = 0;
  if (!options.program.empty()) {
    const Result<uint64_t> written = write_program(*out, options.program);
    if (!written.ok()) return written.status();
    begin = *written;
  }
  Status status = append_safetensors(*out, std::move(tensors), metadata_of(SourcePath(path), *model), kPackAlignment,
                                     options.cancelled);
  if (status.ok() && !options.program.empty()) status = end_program(*out, begin);
  return status.ok() ? out->commit() : status;
}

}  // namespace

Status pack(const std::string& model, const std::string& file, const PackOptions& options) {
  return guarded([&] { return write(model, file, options); });
}

}  // namespace mobilediffusion
