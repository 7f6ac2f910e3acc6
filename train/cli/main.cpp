// The `tandem` program: exit code 0 done, 1 failed, 2 wrong usage or config.
#include "core/error.h"
#include "core/version.h"
#include "train/cli/command.h"
#include "train/printable.h"

#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <tuple>

namespace {

int report(const std::exception& error, int code) {
  const std::string line = fmt::format("tandem: {}\n", tandem::printable_text(error.what()));
  std::fwrite(line.data(), 1, line.size(), stderr);  // without a complaint where that fails
  return code;
}

// Else the next file that is opened would get what is printed. Writing to a closed output still
// fails.
void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest number that is free, which is this one.
    std::ignore = open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// What was printed may be all that a program was asked for.
void check_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  tandem::fail<tandem::Error>("the output can't be written: {}.", std::strerror(errno));
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

int run(int argc, char** argv) {
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
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_streams();
  try {
    const int code = run(argc, argv);
    check_output();
    return code;
  } catch (const tandem::ConfigError& error) {
    return report(error, 2);
  } catch (const std::bad_alloc&) {
    return report(tandem::Error("the host's memory ran out; give it more, or try a smaller batch "
                                "or model (`tandem plan` tells what a run needs)."),
                  1);
  } catch (const std::exception& error) {
    return report(error, 1);
  }
}
