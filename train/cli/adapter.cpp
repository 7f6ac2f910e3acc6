// tandem adapter merge|unmerge: an adapter into its base's weights, and out of them again.
#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/config/reference.h"
#include "train/snapshot.h"
#include "train/tuning/base_model.h"
#include "train/tuning/deltas.h"
#include "train/weights/write.h"

#include <fmt/core.h>

#include <memory>

namespace tandem {
namespace {

struct Options {
  std::string adapter, merged, out, base;
  bool without_base = false;
  std::string layout = "open_clip";
};

struct Adapter {
  RunConfig config;
  Checkpoint checkpoint;
};

Adapter read_adapter(const Options& options) {
  const std::string path = find_checkpoint(options.adapter).path;
  Adapter adapter{.config = {}, .checkpoint = read_checkpoint_model(path)};
  adapter.config = config_of(adapter.checkpoint, path);
  if (!is_adapter(adapter.checkpoint)) {
    fail<ConfigError>("{}: is a whole model, not an adapter; `tandem convert` writes it.", path);
  }
  if (!options.base.empty()) adapter.config.adapter.base = options.base;
  return adapter;
}

// As the adapter's run would write a model that it trained as a whole.
ModelWeights weights_of(const Adapter& adapter, std::vector<NamedTensor> tensors) {
  ModelWeights weights;
  weights.metadata = adapter.checkpoint.attributes;
  weights.metadata.erase("adapter");
  weights.metadata["tandem.source"] = "checkpoint";
  RunConfig config = adapter.config;
  config.adapter = AdapterConfig();
  config.train.param_groups.clear();  // they may be the adapter's
  if (config.data.table.empty() && config.data.sources.empty()) {
    config.data.table = "none, the model was trained on features; give --table";
  }
  config.data.features.clear();
  config.model.adaptation = Adaptation();
  weights.metadata["config"] = to_yaml(config);
  weights.model = config.model;
  weights.tensors = std::move(tensors);
  return weights;
}

void write(const Options& options, const Adapter& adapter, std::vector<NamedTensor> tensors) {
  write_model_weights(options.out, weights_of(adapter, std::move(tensors)),
                      options.layout == "huggingface" ? Layout::huggingface : Layout::open_clip);
}

void merge(const Options& options) {
  const Adapter adapter = read_adapter(options);
  const BaseModel base = read_base(adapter.config);
  write(options, adapter,
        merged(base.tensors, adapter.checkpoint.model, adapter.config.model.adaptation));
  fmt::print("wrote {}: {} with the adapter in its weights\n", options.out, base.path);
}

BaseModel read_merged(const Options& options, RunConfig config) {
  config.adapter = AdapterConfig();
  config.adapter.base = options.merged;
  return read_base(config);
}

// Rounding has no inverse: the merged weights alone give the base but for the last digits of what
// the adapter changed.
void compute_base(const Options& options) {
  const Adapter adapter = read_adapter(options);
  const BaseModel given = read_merged(options, adapter.config);
  Unmerged computed =
      unmerged(given.tensors, adapter.checkpoint.model, adapter.config.model.adaptation);
  const std::string hash = hash_of(computed.tensors);
  write(options, adapter, std::move(computed.tensors));
  if (hash == adapter.config.adapter.base_sha256) {
    fmt::print("wrote {}: the base's values, SHA-256 {}\n", options.out, hash);
    return;
  }
  fmt::print("wrote {}: what the adapter changed differs from the base by at most {:.2g}, all else "
             "is the base's bit for bit\n",
             options.out, computed.error);
}

// The base is what it was, bit for bit: it is not computed from the merged weights, but taken where
// these are the adapter's and the base's.
void unmerge(const Options& options) {
  if (options.without_base) return compute_base(options);
  const Adapter adapter = read_adapter(options);
  const BaseModel base = read_base(adapter.config);
  const std::vector<NamedTensor> expected =
      merged(base.tensors, adapter.checkpoint.model, adapter.config.model.adaptation);
  const BaseModel given = read_merged(options, adapter.config);
  if (given.sha256 != hash_of(expected)) {
    fail<ConfigError>(
        "{}: is not {} merged into {}: the values differ; give the file that was made of these.",
        options.merged, options.adapter, base.path);
  }
  write(options, adapter, base.tensors);
  fmt::print("wrote {}: the base's values, SHA-256 {}\n", options.out, base.sha256);
}

void add_common(CLI::App& command, const std::shared_ptr<Options>& options) {
  command.add_option("--base", options->base, "the base, where it is not where the run had it");
  command.add_option("--layout", options->layout, "names and shapes in OUT")
      ->check(CLI::IsMember({"open_clip", "huggingface"}))
      ->capture_default_str();
}

void add_adapter(CLI::App& program) {
  CLI::App& parent =
      parent_command(program, "adapter", "Takes adapters into their base's weights and out");
  const auto options = std::make_shared<Options>();
  CLI::App* into = parent.add_subcommand("merge", "Write base and adapter as one model");
  into->add_option("ADAPTER", options->adapter, "an adapter's checkpoint, or its run")->required();
  into->add_option("OUT", options->out, "file that ends in .safetensors or .h5")->required();
  add_common(*into, options);
  into->footer("Example: tandem adapter merge runs/lora merged.h5");
  into->callback([options] { merge(*options); });
  CLI::App* out_of = parent.add_subcommand("unmerge", "Write the base of a merged model again");
  out_of->add_option("ADAPTER", options->adapter, "an adapter's checkpoint, or its run")
      ->required();
  out_of->add_option("MERGED", options->merged, "what merge wrote")->required();
  out_of->add_option("OUT", options->out, "file that ends in .safetensors or .h5")->required();
  add_common(*out_of, options);
  out_of->add_flag("--without-base", options->without_base,
                   "compute it from MERGED and the adapter: of LoRA and IA3, to rounding");
  out_of->callback([options] { unmerge(*options); });
}

const Command adapter(add_adapter);

}  // namespace
}  // namespace tandem
