// `tandem embed CHECKPOINT --out F.h5`: features of a table, computed once.
#include "core/error.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/cli/table_options.h"
#include "train/features/embed.h"
#include "train/features/feature_set.h"
#include "train/text/prompts.h"

#include <fmt/core.h>

namespace tandem {
namespace {

struct EmbedOptions {
  std::string source;
  std::string base;
  std::string out;
  std::string classes;
  std::string templates;
  EmbedRequest request;
  DeviceChoice device;
};

void write_features(const EmbedOptions& options) {
  EmbedRequest request = options.request;
  if (!options.classes.empty()) request.classes = read_class_names(options.classes);
  request.templates = options.templates.empty() ? std::vector<std::string>{"a photo of a {}."}
                                                : read_templates(options.templates);
  const auto device = open_device(options.device);
  LoadedModel model = load_model(options.source, *device, options.base);
  embed(request, model, options.out);
  const FeatureSet set = read_feature_set(options.out);
  fmt::print("wrote {}: {} pictures, {} captions and {} classes of width {}\n", options.out,
             set.images->rows(), set.texts ? set.texts->rows() : 0, set.classes(),
             set.images->width());
}

void add_embed(CLI::App& program) {
  const auto options = std::make_shared<EmbedOptions>();
  CLI::App* command = program.add_subcommand(
      "embed",
      "Write a model's features of a table's pictures and texts, for tandem eval and, as\n"
      "data.features, for tandem train");
  command->add_option("source", options->source, "a checkpoint (.h5) or a run's folder")
      ->required();
  command->add_option("--base", options->base,
                      "an adapter's base, where it is not where the run had it");
  command->add_option("--out", options->out, "the HDF5 file to write")->required();
  command->add_option("--table", options->request.table, "another table than the run's");
  add_format_options(*command, options->request.format);
  command->add_option("--split", options->request.splits, "a split of the table; else all of it")
      ->allow_extra_args(false);
  command->add_option("--captions", options->request.captions, "all (default), first or none")
      ->check(CLI::IsMember({"all", "first", "none"}));
  command->add_option("--classes", options->classes,
                      "class names, one a line; else the table's labels");
  command->add_option("--templates", options->templates,
                      "prompts, one a line, {} for the class; else 'a photo of a {}.'");
  add_device_options(*command, options->device);
  command->footer("Example: tandem embed runs/a --split train --split test --out a.h5");
  command->callback([options] { write_features(*options); });
}

const Command command(add_embed);

}  // namespace
}  // namespace tandem
