#include "train/cli/plan_adapter.h"

#include "train/adapters/adapter_plan.h"
#include "train/byte_size.h"
#include "train/loaded_model.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace tandem {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json to_json(const RunConfig& config, const DeviceInfo& device, const AdapterPlan& plan) {
  const bool made = config.data.features.empty();
  return {{"device", device.name},
          {"adapter", config.adapter.kind},
          {"features", made ? Json() : Json(config.data.features)},
          {"base", made ? Json(config.adapter.base) : Json()},
          {"pictures", or_null(plan.pictures)},
          {"width", or_null(plan.width)},
          {"feature_bytes", or_null(plan.feature_bytes)},
          {"base_chunk", made ? Json(LoadedModel::chunk) : Json()},
          {"base_bytes", or_null(plan.base_bytes)},
          {"parameters", or_null(plan.parameters)}};
}

void line(const std::string& what, const std::string& value) {
  fmt::print("{:<34}{}\n", what, value);
}

void print_file(const std::string& file, const AdapterPlan& plan) {
  if (!plan.pictures) {
    line("features", fmt::format("of {}, which is not there", file));
    return;
  }
  line("features", fmt::format("of {}: {} pictures, width {}", file, *plan.pictures, *plan.width));
  line("  held in memory up to 1 GiB", byte_text(*plan.feature_bytes));
}

void print_base(const std::string& base, const AdapterPlan& plan) {
  line("features", fmt::format("made by {}, {} at a time, and kept", base, LoadedModel::chunk));
  line("  memory of the device for that",
       plan.base_bytes ? byte_text(*plan.base_bytes) : "not known: the base is not there");
}

}  // namespace

void show_adapter_plan(const RunConfig& config, const DeviceInfo& device, bool json) {
  const AdapterPlan plan = plan_adapter(config, device);
  if (json) {
    const Json document = to_json(config, device, plan);
    fmt::print("{}\n", document.dump(1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{} on {}: {} works on features; the model that makes them is not trained\n",
             config.name, device.name, config.adapter.kind);
  if (config.data.features.empty()) {
    print_base(config.adapter.base, plan);
  } else {
    print_file(config.data.features, plan);
  }
  if (plan.parameters) line("parameters", fmt::to_string(*plan.parameters));
}

}  // namespace tandem
