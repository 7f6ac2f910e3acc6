// The `tandem` program: exit code 0 done, 1 failed, 2 wrong usage or config.
#include "core/error.h"
#include "core/version.h"
#include "train/cli/command.h"
#include "train/printable.h"

#include <fmt/core.h>

#include <cstdio>

namespace {

int report(const std::exception& error, int code) {
  fmt::print(stderr, "tandem: {}\n", tandem::printable_text(error.what()));
  return code;
}

// CLI11 would only say that a subcommand is required.
void refuse_unknown_command(CLI::App& program, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::string known;
  for (const CLI::App* command : program.get_subcommands([](CLI::App*) { return true; })) {
    if (command->check_name(argv[1])) return;  // or an alias
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  tandem::fail<tandem::ConfigError>("there is no command '{}'; the commands are {}.", argv[1],
                                    known);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Tandem trains models that read images and text together, from a YAML file.\n"
                   "Start with: tandem train configs/quickstart.yaml");
  program.require_subcommand(1);
  program.set_version_flag("--version",
                           fmt::format("tandem {} ({})", tandem::version, tandem::git_revision));
  program.get_formatter()->column_width(34);
  try {
    for (const auto add : tandem::Command::all()) add(program);
    refuse_unknown_command(program, argc, argv);
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : 2;
  } catch (const tandem::ConfigError& error) {
    return report(error, 2);
  } catch (const std::exception& error) {
    return report(error, 1);
  }
}
