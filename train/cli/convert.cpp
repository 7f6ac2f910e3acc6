// tandem convert IN OUT: weights of others into the files that Tandem reads, and back.
#include "core/error.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/checkpoint/file.h"
#include "train/cli/command.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/text/make_tokenizer.h"
#include "train/weights/model_weights.h"
#include "train/weights/write.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string in, out, layout = "open_clip", model, model_out, tokenizer;
  int64_t image_size = 0;
  bool quick_gelu = false, gelu = false, json = false;
};

int64_t parameters(const ModelWeights& weights) {
  int64_t total = 0;
  for (const NamedTensor& tensor : weights.tensors) total += tensor.shape.elements();
  return total;
}

void print_text(const Options& options, const ModelWeights& weights) {
  const VisionConfig& vision = weights.model.vision_cfg;
  const TextConfig& text = weights.model.text_cfg;
  fmt::print("{}: {}, layout {}, {} parameters\n", options.in, weights.metadata.at("tandem.source"),
             weights.found == Layout::huggingface ? "huggingface" : "open_clip",
             parameters(weights));
  fmt::print("image tower: width {}, {} layers, {} heads, patches of {}, pictures of {}, {}\n",
             vision.width, vision.layers, vision.width / vision.head_width, vision.patch_size,
             vision.image_size,
             vision.pool_type == "map" ? "pooled by attention" : "pooled at the class token");
  fmt::print("text tower: width {}, {} layers, {} heads, {} tokens of {}, pooled at the {}{}\n",
             text.width, text.layers, text.heads, text.context_length, text.vocab_size,
             text.pool_type == "last" ? "last token" : "first end token",
             text.no_causal_mask ? ", without a causal mask" : "");
  fmt::print("shared width {}, {}{}\n", weights.model.embed_dim,
             activation_in_words(weights.model),
             weights.model.init_logit_bias ? ", with a logit bias" : "");
  for (const std::string& note : weights.notes) fmt::print("{}\n", note);
  for (const std::string& name : weights.left_out) fmt::print("left out: {}\n", name);
  fmt::print("wrote {}\n", options.out);
}

void print_json(const Options& options, const ModelWeights& weights) {
  const VisionConfig& vision = weights.model.vision_cfg;
  const TextConfig& text = weights.model.text_cfg;
  const nlohmann::ordered_json document{
      {"in", options.in},
      {"out", options.out},
      {"source", weights.metadata.at("tandem.source")},
      {"layout", weights.found == Layout::huggingface ? "huggingface" : "open_clip"},
      {"parameters", parameters(weights)},
      {"model",
       {{"embed_dim", weights.model.embed_dim},
        {"quick_gelu", weights.model.quick_gelu},
        {"activation", activation_of(weights.model)},
        {"vision_cfg",
         {{"image_size", vision.image_size},
          {"patch_size", vision.patch_size},
          {"width", vision.width},
          {"layers", vision.layers},
          {"head_width", vision.head_width},
          {"mlp_ratio", vision.mlp_ratio},
          {"class_token", vision.class_token},
          {"pool_type", vision.pool_type},
          {"proj_type", vision.proj_type}}},
        {"text_cfg",
         {{"context_length", text.context_length},
          {"vocab_size", text.vocab_size},
          {"width", text.width},
          {"heads", text.heads},
          {"layers", text.layers},
          {"mlp_ratio", text.mlp_ratio},
          {"pool_type", text.pool_type},
          {"no_causal_mask", text.no_causal_mask},
          {"proj_type", text.proj_type},
          {"proj_bias", text.proj_bias}}}}},
      {"notes", weights.notes},
      {"left_out", weights.left_out}};
  fmt::print("{}\n", document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string tokenizer_hint(const TextConfig& text) {
  return text.hf_tokenizer_name.empty() ? "" : ", that of " + text.hf_tokenizer_name;
}

void write_model(const std::string& path, const ClipConfig& model) {
  const std::string yaml = to_yaml(model);
  OutputFile file(path);
  file.write(std::as_bytes(std::span(yaml)));
}

void run(const Options& options) {
  ModelWeightsOptions wanted;
  if (!options.model.empty()) wanted.model = read_model_config(options.model);
  if (options.image_size != 0) wanted.image_size = options.image_size;
  if (options.quick_gelu || options.gelu) wanted.quick_gelu = options.quick_gelu;
  const bool folder = std::filesystem::is_directory(options.in);
  const std::string in = folder ? find_checkpoint(options.in).path : options.in;
  ModelWeights weights = read_model_weights(in, wanted);
  if (!options.tokenizer.empty()) {
    weights.tokenizer = read_tokenizer_for(weights.model.text_cfg, options.tokenizer)->serialize();
  }
  if (options.out.ends_with(".h5") && tokenizer_of(weights).empty()) {
    weights.notes.push_back(
        "no tokenizer is known, and without one a checkpoint can't be evaluated; give --tokenizer" +
        tokenizer_hint(weights.model.text_cfg) + ".");
  }
  write_model_weights(options.out, weights,
                      options.layout == "huggingface" ? Layout::huggingface : Layout::open_clip);
  if (!options.model_out.empty()) write_model(options.model_out, weights.model);
  if (options.json) {
    print_json(options, weights);
  } else {
    print_text(options, weights);
  }
}

void add_convert(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "convert",
      "Writes weights as .safetensors or as a checkpoint (.h5), from either, from PyTorch's .pt\n"
      "or from a TorchScript archive, and says of what model they are");
  command->alias("import");
  const auto options = std::make_shared<Options>();
  command->add_option("IN", options->in, "weights, a checkpoint or a run's folder")->required();
  command->add_option("OUT", options->out, "file that ends in .safetensors or .h5")->required();
  command->add_option("--layout", options->layout, "names and shapes in OUT")
      ->check(CLI::IsMember({"open_clip", "huggingface"}))
      ->capture_default_str();
  command->add_option("--model", options->model, "model file, in place of what the weights say");
  command->add_option("--image-size", options->image_size,
                      "pixels a side; the position table is resized");
  CLI::Option* quick =
      command->add_flag("--quick-gelu", options->quick_gelu, "the model's activation is QuickGELU");
  command->add_flag("--gelu", options->gelu, "the model's activation is the exact GELU")
      ->excludes(quick);
  command->add_option("--tokenizer", options->tokenizer,
                      "what a checkpoint holds, as of `tandem tokenize`; CLIP's unless given");
  command->add_option("--model-out", options->model_out, "write the model's YAML file, too");
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer("Example: tandem convert ViT-B-32.pt ViT-B-32.h5 --model-out ViT-B-32.yaml");
  command->callback([options] { run(*options); });
}

const Command convert(add_convert);

}  // namespace

}  // namespace tandem
