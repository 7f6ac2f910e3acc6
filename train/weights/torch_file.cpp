#include "train/weights/torch_file.h"

#include "core/error.h"
#include "train/config/utf8.h"
#include "train/weights/pickle.h"
#include "train/weights/torch_storage.h"
#include "train/weights/zip.h"

#include <set>

namespace tandem {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t most_pickle_bytes = uint64_t{64} << 20;
constexpr size_t most_modules = 100'000;
constexpr size_t most_attributes = 1'000'000;
constexpr size_t most_name_bytes = 500;
constexpr int deepest_module = 40;

// What the archive's entries start with: "archive/", from "archive/data.pkl".
std::string folder_of(const ZipArchive& archive) {
  constexpr std::string_view file = "data.pkl";
  for (const ZipEntry& entry : archive.entries()) {
    if (!entry.name.ends_with(file)) continue;
    const std::string folder = entry.name.substr(0, entry.name.size() - file.size());
    if (folder.empty() || folder.find('/') == folder.size() - 1) return folder;
  }
  fail<CheckpointError>(
      "{}: is a zip archive without data.pkl, so PyTorch did not write it; "
      "was it made of a folder?",
      archive.path());
}

Pickle read_pickle(const ZipArchive& archive, const std::string& folder) {
  const ZipEntry& entry = *archive.find(folder + "data.pkl");
  if (entry.bytes > most_pickle_bytes) {
    fail<CheckpointError>("{}: its data.pkl has {} bytes; a state dict's has at most {}.",
                          archive.path(), entry.bytes, most_pickle_bytes);
  }
  return Pickle(archive.path(), archive.read(entry));
}

void check_byte_order(const ZipArchive& archive, const std::string& folder) {
  const ZipEntry* entry = archive.find(folder + "byteorder");
  if (entry == nullptr || entry->bytes != 3) return;  // "big", not "little"
  fail<CheckpointError>("{}: was written on a big-endian machine; save it again on another.",
                        archive.path());
}

// Collects tensors by their names.
class Collector {
 public:
  Collector(const ZipArchive& archive, const Pickle& pickle, TorchStorages& storages)
      : archive_(archive), pickle_(pickle), storages_(storages) {}

  // A state dict; its values that are no tensors are left out.
  void add_dict(const PickleValue& dict) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = pickle_.at(dict.items[i]);
      const PickleValue& value = pickle_.at(dict.items[i + 1]);
      if (key.kind == Kind::text && value.kind == Kind::tensor) add(key.text, value);
    }
  }

  // The tensors among a module's attributes, and those of its submodules.
  void add_module(const std::string& prefix, const PickleValue& module, int depth) {
    if (depth > deepest_module || ++modules_ > most_modules) {
      fail<CheckpointError>("{}: its modules are nested without an end; it is damaged.",
                            archive_.path());
    }
    if (module.items.empty()) return;
    const PickleValue& attributes = pickle_.at(module.items[0]);
    attributes_ += attributes.items.size() / 2;
    if (attributes_ > most_attributes) {
      fail<CheckpointError>("{}: its modules have more than {} attributes; it is damaged.",
                            archive_.path(), most_attributes);
    }
    for (size_t i = 0; i + 1 < attributes.items.size(); i += 2) {
      const PickleValue& key = pickle_.at(attributes.items[i]);
      const PickleValue& value = pickle_.at(attributes.items[i + 1]);
      if (key.kind != Kind::text) continue;
      if (value.kind == Kind::tensor) add(prefix + key.text, value);
      if (value.kind != Kind::object) continue;
      check_name(key.text);
      add_module(prefix + key.text + ".", value, depth + 1);
    }
  }

  std::vector<NamedTensor> tensors;

 private:
  void check_name(const std::string& name) const {
    if (name.empty() || name.size() > most_name_bytes) {
      fail<CheckpointError>("{}: has a tensor with a name of {} bytes; up to {} are read.",
                            archive_.path(), name.size(), most_name_bytes);
    }
    if (first_invalid_utf8(name) == std::string::npos) return;
    fail<CheckpointError>("{}: has a tensor named '{}', which is no UTF-8 text; it is damaged.",
                          archive_.path(), printable(name));
  }

  void add(const std::string& name, const PickleValue& value) {
    check_name(name);
    if (!names_.insert(name).second) {
      fail<CheckpointError>("{}: has two tensors '{}'.", archive_.path(), printable(name));
    }
    tensors.push_back(storages_.read(name, value));
  }

  const ZipArchive& archive_;
  const Pickle& pickle_;
  TorchStorages& storages_;
  std::set<std::string> names_;
  size_t modules_ = 0;
  size_t attributes_ = 0;  // of the modules visited
};

}  // namespace

TorchWeights read_torch_file(const std::string& path) {
  const ZipArchive archive(path);
  const std::string folder = folder_of(archive);
  check_byte_order(archive, folder);
  const Pickle pickle = read_pickle(archive, folder);
  TorchStorages storages(archive, folder, pickle);
  Collector collector(archive, pickle, storages);
  const PickleValue& root = pickle.root();
  TorchWeights weights;
  if (root.kind == Kind::object) {
    weights.script = true;
    collector.add_module("", root, 0);
  } else if (root.kind == Kind::dict) {
    const PickleValue* inner = pickle.find(root, "state_dict");
    collector.add_dict(inner != nullptr && inner->kind == Kind::dict ? *inner : root);
  }
  weights.tensors = std::move(collector.tensors);
  if (weights.tensors.empty()) {
    fail<CheckpointError>(
        "{}: holds no tensors by name; save a state dict, or a dict with one as "
        "'state_dict'.",
        path);
  }
  return weights;
}

}  // namespace tandem
