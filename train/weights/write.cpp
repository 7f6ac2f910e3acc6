#include "train/weights/write.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/safetensors.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/text/tokenizer.h"

namespace tandem {
namespace {

constexpr int64_t clip_vocab_size = 49408;

// The run that the weights are from with its model changed; else one that has no data yet.
RunConfig run_config(const ModelWeights& weights, const std::string& path) {
  RunConfig config;
  const auto found = weights.metadata.find("config");
  if (found != weights.metadata.end() && weights.metadata.at("tandem.source") == "checkpoint") {
    config = parse_run_config(found->second, path + " (config)");
  } else {
    config.name = "converted";
    config.data.table = "none, these weights were converted; give --table";
    config.data.tokenizer.kind = "file";
    config.data.tokenizer.file = "none, these weights were converted; give one";
  }
  if (weights.preprocessing) {
    config.data.mean = weights.preprocessing->mean;
    config.data.std = weights.preprocessing->std;
    config.data.interpolation = weights.preprocessing->interpolation;
    config.data.resize_mode = weights.preprocessing->resize_mode;
  }
  config.model = weights.model;
  return config;
}

void write_h5(const std::string& path, const ModelWeights& weights) {
  Checkpoint checkpoint;
  if (weights.metadata.at("tandem.source") == "checkpoint") {
    checkpoint.attributes = weights.metadata;
    checkpoint.attributes.erase("tandem.source");
  }
  checkpoint.attributes["config"] = to_yaml(run_config(weights, path));
  checkpoint.attributes["activation"] = activation_of(weights.model);
  if (const std::string tokenizer = tokenizer_of(weights); !tokenizer.empty()) {
    checkpoint.attributes["tokenizer"] = tokenizer;
  }
  checkpoint.model = weights.tensors;
  write_checkpoint(path, checkpoint);
}

}  // namespace

std::string tokenizer_of(const ModelWeights& weights) {
  if (!weights.tokenizer.empty()) return weights.tokenizer;
  const auto found = weights.metadata.find("tokenizer");
  if (found != weights.metadata.end() && weights.metadata.at("tandem.source") == "checkpoint") {
    return found->second;
  }
  const bool clips = weights.model.text_cfg.vocab_size == clip_vocab_size;
  return clips ? clip_tokenizer()->serialize() : "";
}

void write_model_weights(const std::string& path, const ModelWeights& weights, Layout layout) {
  if (path.ends_with(".h5")) {
    if (layout != Layout::open_clip) {
      fail<ConfigError>(
          "{}: checkpoints have the layout open_clip; write huggingface to a "
          ".safetensors file.",
          path);
    }
    write_h5(path, weights);
  } else if (path.ends_with(".safetensors")) {
    if (layout == Layout::huggingface && weights.model.text_cfg.proj_type == "none") {
      fail<ConfigError>(
          "{}: Transformers has no model without a text projection, as this one is; write open_clip "
          "to a .safetensors file.",
          path);
    }
    const std::map<std::string, std::string> metadata{{"format", "pt"},
                                                      {"tandem.model", to_yaml(weights.model)}};
    write_safetensors(path, to_layout(weights.tensors, layout), metadata);
  } else {
    fail<ConfigError>("{}: ends neither in .safetensors nor in .h5, the kinds that are written.",
                      path);
  }
}

}  // namespace tandem
