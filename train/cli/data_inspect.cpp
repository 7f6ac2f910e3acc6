// `tandem data inspect TABLE [--json] [--html FILE]`: what a table holds and what is wrong in it.
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/table_options.h"
#include "train/data/inspect.h"
#include "train/data/write_file.h"

#include <fmt/core.h>

namespace tandem {
namespace {

struct InspectOptions {
  std::string table;
  TableFormat format;
  std::string html;
  std::string alpha = "drop";
  int64_t pictures = 200;
  int64_t max_pixels = 100'000'000;
  bool json = false;
};

void inspect(const InspectOptions& options) {
  const DecodeOptions decode{alpha_from_name(options.alpha), options.max_pixels};
  const Inspection inspection = inspect_table(options.table, options.format, decode, 0);
  if (!options.html.empty()) {
    write_file(options.html, inspection_html(inspection, decode, options.pictures));
  }
  fmt::print("{}", options.json ? inspection_json(inspection) : inspection_text(inspection));
  if (!options.json && !options.html.empty()) fmt::print("wrote {}\n", options.html);
}

void add_data_inspect(CLI::App& program) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App& data = parent_command(program, "data", "Make or look at data sets");
  CLI::App* command = data.add_subcommand(
      "inspect", "Count a table's splits, captions and pictures, and list what is wrong");
  add_table_options(*command, options->table, options->format);
  command->add_flag("--json", options->json, "Print one JSON document, with every problem");
  command->add_option("--html", options->html, "Write a page with pictures and captions, to open in a browser");
  command->add_option("--pictures", options->pictures, "Pictures on the page (default 200)")
      ->check(CLI::Range(0, 100'000));
  command->add_option("--alpha", options->alpha, "Transparency: drop (default) or white");
  command->add_option("--max-pixels", options->max_pixels, "Refuse larger pictures")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 32));
  command->callback([options] { inspect(*options); });
}

const Command command(add_data_inspect);

}  // namespace
}  // namespace tandem
