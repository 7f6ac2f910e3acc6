// `tandem data pack TABLE --out PREFIX`: writes tar shards from a table of any kind.
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/table_options.h"
#include "train/data/pack.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tandem {
namespace {

struct PackOptions {
  std::string table;
  TableFormat format;
  std::string split = "all";
  std::string out;
  int64_t samples = 10'000;
  bool json = false;
};

void pack(const PackOptions& options) {
  const auto rows = rows_of_split(read_table(options.table, options.format), options.split);
  const PackSummary summary = pack_shards(rows, options.out, options.samples);
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"table", summary.table},
                                              {"samples", summary.samples},
                                              {"shards", summary.shards},
                                              {"bytes", summary.bytes}}
                           .dump());
    return;
  }
  fmt::print("{}: {} samples in {} shard{}, {:.1f} MB\n", summary.table, summary.samples,
             summary.shards, summary.shards == 1 ? "" : "s",
             1e-6 * static_cast<double>(summary.bytes));
}

void add_data_pack(CLI::App& program) {
  const auto options = std::make_shared<PackOptions>();
  CLI::App& data = parent_command(program, "data", "Make or look at data sets");
  CLI::App* command =
      data.add_subcommand("pack", "Write tar shards, as webdataset has them, from any table");
  add_table_options(*command, options->table, options->format);
  command->add_option("--out", options->out, "What the shards' names begin with: data/train")
      ->required();
  command->add_option("--split", options->split, "Rows to take (default all)");
  command->add_option("--samples", options->samples, "Samples of a shard (default 10000)")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}));
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([options] { pack(*options); });
}

const Command command(add_data_pack);

}  // namespace
}  // namespace tandem
