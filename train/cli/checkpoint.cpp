// tandem checkpoint show|verify|diff|prune: look into what a run has saved.
#include "train/checkpoint/checkpoint.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/checkpoint/compare.h"
#include "train/checkpoint_retention.h"
#include "train/cli/checks.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/lock.h"
#include "train/snapshot.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tandem {
namespace {

using Json = nlohmann::ordered_json;

// The path of the checkpoint that was asked for, after naming newer ones that are damaged.
std::string chosen(const std::string& path) {
  const ValidCheckpoint found = find_checkpoint(path);
  for (const auto& [passed_over, why] : found.passed_over) {
    fmt::print(stderr, "tandem: passed over {}\n", why);
  }
  return found.path;
}

Json tensors_json(const std::vector<NamedTensor>& tensors) {
  Json list = Json::array();
  for (const NamedTensor& tensor : tensors) {
    const auto axes = tensor.shape.axes();
    list.push_back({{"name", tensor.name},
                    {"shape", std::vector<int64_t>(axes.begin(), axes.end())},
                    {"rms", root_mean_square(tensor.values)}});
  }
  return list;
}

void print_tensors(const char* title, const std::vector<NamedTensor>& tensors) {
  int64_t total = 0;
  for (const NamedTensor& tensor : tensors) total += tensor.shape.elements();
  fmt::print("{}: {} tensors, {} values\n", title, tensors.size(), total);
  for (const NamedTensor& tensor : tensors) {
    fmt::print("  {:<56} {:<20} rms {:.6g}\n", tensor.name, tensor.shape.str(),
               root_mean_square(tensor.values));
  }
}

// A text attribute on one line; long ones by their length.
std::string summary(const std::string& text) {
  if (text.size() > 100 || text.find('\n') != std::string::npos) {
    return fmt::format("({} bytes; --json prints them)", text.size());
  }
  return text;
}

void show(const std::string& named, bool json) {
  const std::string path = chosen(named);
  const Checkpoint checkpoint = read_checkpoint(path);
  if (json) {
    Json document{{"path", path},
                  {"format_version", 1},
                  {"attributes", checkpoint.attributes},
                  {"state", checkpoint.state},
                  {"model", tensors_json(checkpoint.model)},
                  {"optimizer", tensors_json(checkpoint.optimizer)}};
    fmt::print("{}\n", document.dump(1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}\n", path);
  for (const auto& [name, text] : checkpoint.attributes)
    fmt::print("{}: {}\n", name, summary(text));
  for (const auto& [name, value] : checkpoint.state) fmt::print("state {}: {}\n", name, value);
  print_tensors("model", checkpoint.model);
  print_tensors("optimizer", checkpoint.optimizer);
}

Json difference_json(const TensorDifference& one) {
  Json json{{"name", one.name}, {"bit_equal", one.bit_equal}};
  if (!one.problem.empty()) json["problem"] = one.problem;
  if (one.problem.empty()) json["max_abs_difference"] = one.max_abs;
  return json;
}

void print_difference(const TensorDifference& one) {
  if (!one.problem.empty()) {
    fmt::print("{:<64} {}\n", one.name, one.problem);
  } else if (one.bit_equal) {
    fmt::print("{:<64} bit-equal\n", one.name);
  } else {
    fmt::print("{:<64} max abs difference {:.6g}\n", one.name, one.max_abs);
  }
}

// Differing attributes are printed, but only values make checkpoints different: two runs of one
// training differ in name and time.
void diff(const std::string& first, const std::string& second, bool json) {
  const CheckpointDifference difference =
      compare(read_checkpoint(chosen(first)), read_checkpoint(chosen(second)));
  if (json) {
    Json tensors = Json::array();
    for (const TensorDifference& one : difference.tensors) tensors.push_back(difference_json(one));
    const Json document{{"equal", difference.equal()},
                        {"tensors", tensors},
                        {"state", difference.state},
                        {"attributes", difference.attributes}};
    fmt::print("{}\n", document.dump(1));
  } else {
    for (const TensorDifference& one : difference.tensors) print_difference(one);
    for (const std::string& text : difference.state) fmt::print("state {}\n", text);
    for (const std::string& text : difference.attributes) {
      fmt::print("attribute '{}' differs\n", text);
    }
  }
  if (difference.equal()) return;
  fail<CheckpointError>("{} and {} differ in {} of {} tensors and {} values of the state.", first,
                        second, difference.different_tensors(), difference.tensors.size(),
                        difference.state.size());
}

void verify(const std::vector<std::string>& named) {
  std::vector<std::string> paths;
  for (const std::string& path : named) {
    if (!std::filesystem::is_directory(path)) {
      paths.push_back(path);
      continue;
    }
    const std::vector<std::string> inside = list_checkpoints(checkpoint_folder(path));
    if (inside.empty()) fail<CheckpointError>("{}: has no checkpoint.", path);
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  size_t damaged = 0;
  for (const std::string& path : paths) {
    try {
      verify_checkpoint(path);
      fmt::print("{}: whole\n", path);
    } catch (const CheckpointError& error) {
      fmt::print("{}\n", error.what());
      ++damaged;
    }
  }
  if (damaged > 0) {
    fail<CheckpointError>("{} of {} checkpoints can't be used.", damaged, paths.size());
  }
}

// Of a run, as its config says, and of a bare folder of checkpoints the newest.
std::vector<std::string> prune(const std::string& folder, std::optional<int64_t> keep_last) {
  constexpr int64_t kept_of_a_folder = 3;
  const RunFolder run{folder};
  if (!std::filesystem::is_directory(run.checkpoints())) {
    return prune_checkpoints(folder, keep_last.value_or(kept_of_a_folder));
  }
  const RunLock lock(folder);
  const std::string newest = chosen(folder);
  const Checkpoint checkpoint = read_checkpoint_model(newest);
  TrainConfig train = config_of(checkpoint, newest).train;
  train.keep_last = keep_last.value_or(train.keep_last);
  KeptSteps kept = steps_to_go_back_to(checkpoint);
  if (const auto metric = parse_best_metric(train.keep_best)) {
    kept.best = best_checkpoint(run, *metric);
  }
  return prune_run(run, train, kept);
}

void add_show(CLI::App& parent) {
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = parent.add_subcommand("show", "Print attributes, state and tensors");
  command->add_option("CHECKPOINT", *path, "File, or a run's folder for its newest")->required();
  command->add_flag("--json", *json, "Print one JSON document");
  command->callback([path, json] { show(*path, *json); });
}

void add_verify(CLI::App& parent) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = parent.add_subcommand("verify", "Exit with 1 if a checkpoint is damaged");
  command->add_option("CHECKPOINT", *paths, "Files, or runs for all of theirs")->required();
  command->callback([paths] { verify(*paths); });
}

void add_diff(CLI::App& parent) {
  auto first = std::make_shared<std::string>();
  auto second = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = parent.add_subcommand(
      "diff", "Compare the tensors and state of two checkpoints; exit with 1 if they differ");
  command->add_option("A", *first, "File or run")->required();
  command->add_option("B", *second, "File or run")->required();
  command->add_flag("--json", *json, "Print one JSON document");
  command->callback([=] { diff(*first, *second, *json); });
}

void add_prune(CLI::App& parent) {
  auto folder = std::make_shared<std::string>();
  auto keep = std::make_shared<std::optional<int64_t>>();
  CLI::App* command = parent.add_subcommand(
      "prune",
      "Delete all checkpoints but the newest, and those that the run's keep_every, keep_best and\n"
      "on_nonfinite keep");
  command->add_option("DIR", *folder, "Run or folder of checkpoints")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--keep-last", *keep, "How many to keep; else the run's keep_last, or 3")
      ->check(whole_number(1));
  command->callback([=] {
    for (const std::string& path : prune(*folder, *keep)) fmt::print("deleted {}\n", path);
  });
}

void add_checkpoint(CLI::App& program) {
  CLI::App& parent = parent_command(program, "checkpoint", "Look into checkpoints");
  add_show(parent);
  add_verify(parent);
  add_diff(parent);
  add_prune(parent);
}

const Command checkpoint(add_checkpoint);

}  // namespace
}  // namespace tandem
