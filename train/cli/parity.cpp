#include "core/error.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/config/read.h"
#include "train/parity.h"
#include "train/precision.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string model, weights, reference;
  DeviceChoice device;
  std::string precision = "fp32";
  bool json = false;
};

void print_json(const std::vector<ParityRow>& rows, const DeviceInfo& device, bool passed) {
  nlohmann::ordered_json document{{"device", device.name}, {"passed", passed}};
  for (const ParityRow& row : rows) {
    document["rows"].push_back({{"name", row.name},
                                {"largest_difference", row.largest_difference},
                                {"relative", row.relative},
                                {"tolerance", row.tolerance},
                                {"passed", row.passed()}});
  }
  fmt::print("{}\n", document.dump(1));
}

void print_table(const std::vector<ParityRow>& rows, const DeviceInfo& device) {
  fmt::print("on {}\n{:<64} {:>12} {:>12} {:>9}\n", device.name, "tensor", "largest", "relative",
             "allowed");
  for (const ParityRow& row : rows) {
    fmt::print("{:<64} {:>12.3e} {:>12.3e} {:>9.0e}{}\n", row.name, row.largest_difference,
               row.relative, row.tolerance, row.passed() ? "" : "  TOO LARGE");
  }
}

void run(const Options& options) {
  const ClipConfig model = read_model_config(options.model);
  const Safetensors weights(options.weights);
  const Safetensors reference(options.reference);
  const auto device = open_device(options.device);
  const std::vector<ParityRow> rows =
      check_parity(model, weights, reference, *device, precision_named(options.precision));
  size_t failed = 0;
  for (const ParityRow& row : rows) failed += row.passed() ? 0 : 1;
  if (options.json) {
    print_json(rows, device->info(), failed == 0);
  } else {
    print_table(rows, device->info());
  }
  if (failed > 0) fail<Error>("parity: {} of {} tensors are off.", failed, rows.size());
  if (!options.json) fmt::print("all {} tensors agree\n", rows.size());
}

void add_parity(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "parity",
      "Compares features, logits, loss, gradients and parameters after steps of AdamW with\n"
      "those that another framework wrote to a safetensors file");
  const auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "YAML file with the model")->required();
  command->add_option("--weights", options->weights, "safetensors file with the parameters")
      ->required();
  command->add_option("--reference", options->reference, "safetensors file to compare with")
      ->required();
  add_device_options(*command, options->device);
  command->add_option("--precision", options->precision,
                      "fp32, or bf16 or fp16, which are allowed larger differences")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
}

const Command parity(add_parity);

}  // namespace

}  // namespace tandem
