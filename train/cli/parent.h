// Subcommands of subcommands, as in `tandem data inspect`, from files that do not know each other.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace tandem {

// The program's subcommand of that name, added if it is new; it asks for one of its own.
inline CLI::App& parent_command(CLI::App& program, const std::string& name,
                                const std::string& description) {
  for (CLI::App* known : program.get_subcommands([](CLI::App*) { return true; })) {
    if (known->get_name() == name) return *known;
  }
  CLI::App* parent = program.add_subcommand(name, description);
  parent->require_subcommand(1);
  return *parent;
}

}  // namespace tandem
