// The `tandem` program: exit code 0 done, 1 failed, 2 wrong usage or config.
#include "core/error.h"
#include "train/cli/command.h"

#include <fmt/core.h>

#include <cstdio>

namespace {

int report(const std::exception& error, int code) {
  fmt::print(stderr, "tandem: {}\n", error.what());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Tandem trains models that read images and text together, from a YAML file.\n"
                   "Start with: tandem train configs/quickstart.yaml");
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  try {
    for (const auto add : tandem::Command::all()) add(program);
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
