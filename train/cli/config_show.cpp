// tandem config show CONFIG [--set k=v]...   the resolved config as YAML
// tandem config keys                         every key, as the table in configs/README.md
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/config/read.h"

#include <fmt/core.h>

#include <memory>
#include <string>

namespace tandem {
namespace {

void add_show(CLI::App& config) {
  auto path = std::make_shared<std::string>();
  auto overrides = std::make_shared<std::vector<std::string>>();
  CLI::App* show = config.add_subcommand("show", "Print a config as it is after extends and --set");
  show->add_option("CONFIG", *path, "YAML file")->required();
  show->add_option("--set", *overrides, "Override a key: train.lr=1e-3")->allow_extra_args(false);
  show->callback(
      [path, overrides] { fmt::print("{}", to_yaml(read_run_config(*path, *overrides))); });
}

void add_config(CLI::App& program) {
  CLI::App& config = parent_command(program, "config", "Look into configs");
  add_show(config);
  config.add_subcommand("keys", "Print every key with its default and meaning, as Markdown")
      ->callback([] { fmt::print("{}", config_reference()); });
}

const Command config(add_config);

}  // namespace
}  // namespace tandem
