// The subcommands of the `tandem` program. Each lives in a file of its own and registers itself:
//   const Command devices(add_devices);
// Its callback throws: ConfigError ends the program with exit code 2, any other Error with 1.
#pragma once

#include <CLI/CLI.hpp>

#include <vector>

namespace tandem {

class Command {
 public:
  using Add = void (*)(CLI::App& program);  // adds the subcommand and its callback

  explicit Command(Add add) { all().push_back(add); }

  static std::vector<Add>& all() {
    static std::vector<Add> commands;
    return commands;
  }
};

}  // namespace tandem
