#include "train/parity.h"

#include "core/error.h"
#include "train/train_step.h"
#include "train/weights/layout.h"
#include "train/weights/load.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace tandem {

namespace {

using Json = nlohmann::json;

Json reference_settings(const Safetensors& reference) {
  const auto found = reference.metadata().find("config");
  if (found == reference.metadata().end()) return Json::object();
  const Json settings = Json::parse(found->second, nullptr, false);
  if (!settings.is_object()) {
    fail<CheckpointError>("{}: its metadata 'config' is no JSON object.", reference.path());
  }
  return settings;
}

double number(const Json& settings, const char* key, double otherwise) {
  const auto found = settings.find(key);
  return found != settings.end() && found->is_number() ? found->get<double>() : otherwise;
}

ParityRow compare(const std::string& name, const std::vector<float>& got,
                  const std::vector<float>& expected, double tolerance) {
  if (got.size() != expected.size()) {
    fail<CheckpointError>("reference: {} has {} elements; the model gives {}.", name,
                          expected.size(), got.size());
  }
  double squares = 0;
  double differences = 0;
  ParityRow row{.name = name, .tolerance = tolerance};
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = static_cast<double>(got[i]) - expected[i];
    // A NaN must not hide: max() would pass it over.
    if (!(std::fabs(difference) <= row.largest_difference)) {
      row.largest_difference = std::fabs(difference);
    }
    differences += difference * difference;
    squares += static_cast<double>(expected[i]) * expected[i];
  }
  row.relative = differences == 0 ? 0 : std::sqrt(differences / squares);
  return row;
}

// "after12.<parameter>" gives 12; anything else 0.
int64_t steps_of(const std::string& name) {
  if (!name.starts_with("after")) return 0;
  const size_t dot = name.find('.');
  int64_t steps = 0;
  for (size_t i = 5; i < dot && i < name.size() && i < 12; ++i) {
    if (name[i] < '0' || name[i] > '9') return 0;
    steps = steps * 10 + (name[i] - '0');
  }
  return steps;
}

class Comparison {
 public:
  Comparison(const ClipConfig& model, const Safetensors& weights, const Safetensors& reference,
             Device& device, DType precision)
      : reference_(reference),
        tolerance_(ParityTolerance::of(precision)),
        variables_(device) {
    const Json settings = reference_settings(reference);
    TrainConfig train;
    train.loss = number(settings, "siglip", 0) != 0 ? "siglip" : "clip";
    lr_ = number(settings, "lr", 1e-3);
    last_step_ = std::clamp<int64_t>(std::llround(number(settings, "steps", 1)), 1, 1000);
    gradient_step_ = std::llround(number(settings, "grad_step", static_cast<double>(last_step_)));
    train.wd = number(settings, "wd", 0.2);
    train.beta1 = number(settings, "beta1", 0.9);
    train.beta2 = number(settings, "beta2", 0.98);
    train.eps = number(settings, "eps", 1e-6);
    train.grad_scaler.init_scale = 256;  // no overflow: the first step is compared
    read_inputs(model);
    const auto N = static_cast<int64_t>(batch_.texts.end.size());
    step_ = std::make_unique<TrainStep>(
        model, train, N, variables_, StepOptions{.precision = precision, .keep_gradients = true});
    variables_.initialize(0);  // what is no parameter: the loss scale
    std::vector<NamedTensor> tensors;
    for (const SafetensorsEntry& entry : weights.entries()) {
      tensors.push_back(weights.tensor(entry.name));
    }
    tensors = from_layout(std::move(tensors), weights.path()).tensors;
    load_parameters(variables_, tensors, weights.path());
  }

  std::vector<ParityRow> run() {
    for (const SafetensorsEntry& entry : reference_.entries()) check_name(entry.name);
    for (int64_t t = 1; t <= last_step_; ++t) {
      const uint64_t ticket = step_->run(batch_, {.lr = lr_, .t = t});
      for (const SafetensorsEntry& entry : reference_.entries()) compare_at(t, ticket, entry.name);
    }
    return rows_;
  }

 private:
  void read_inputs(const ClipConfig& model) {
    batch_.pixels = reference_.floats("in.pixels");
    batch_.texts.ids = reference_.integers("in.tokens");
    const Shape& tokens = reference_.find("in.tokens")->shape;
    const Shape& pixels = reference_.find("in.pixels")->shape;
    const int64_t T = model.text_cfg.context_length;
    const int64_t side = model.vision_cfg.image_size;
    if (tokens.rank() != 2 || tokens[1] != T || pixels != Shape{tokens[0], 3, side, side}) {
      fail<CheckpointError>(
          "{}: in.pixels is {} and in.tokens {}; the model takes [N, 3, {}, {}] and [N, {}].",
          reference_.path(), pixels, tokens, side, side, T);
    }
    batch_.texts.prepare(model.text_cfg);
  }

  // Refuses what no step would compare.
  void check_name(const std::string& name) const {
    const int64_t steps = steps_of(name);
    if (name.starts_with("in.") || name.starts_with("out.") || name.starts_with("grad.") ||
        (steps > 0 && steps <= last_step_)) {
      return;
    }
    fail<CheckpointError>("{}: '{}' is nothing that {} steps can be compared with.",
                          reference_.path(), name, last_step_);
  }

  void compare_at(int64_t step, uint64_t ticket, const std::string& name) {
    if (name == "out.loss" && step == 1) {
      add(name, {static_cast<float>(step_->result(ticket).loss)}, reference_.floats(name),
          tolerance_.outputs);
    } else if (name.starts_with("out.") && step == 1) {
      add(name, step_->fetch(ticket, name.substr(4)), reference_.floats(name), tolerance_.outputs);
    } else if (name.starts_with("grad.") && step == gradient_step_) {
      add_parameters(name, tolerance_.gradients, [&](const std::string& parameter) {
        return step_->fetch(ticket, "grad." + parameter);
      });
    } else if (steps_of(name) == step) {
      add_parameters(name, tolerance_.parameters,
                     [&](const std::string& parameter) { return variables_.get(parameter); });
    }
  }

  // A tensor of the reference may be several parameters, as timm's keys and values are. They are
  // compared as one: a gradient by the keys' bias alone is rounding and nothing else.
  void add_parameters(const std::string& name, double tolerance,
                      const std::function<std::vector<float>(const std::string&)>& ours) {
    NamedTensor tensor = reference_.tensor(name);
    tensor.name = name.substr(name.find('.') + 1);
    std::vector<NamedTensor> one;
    one.push_back(std::move(tensor));
    std::vector<float> got, expected;
    for (const NamedTensor& part : from_layout(std::move(one), reference_.path()).tensors) {
      const std::vector<float> values = ours(part.name);
      got.insert(got.end(), values.begin(), values.end());
      expected.insert(expected.end(), part.values.begin(), part.values.end());
    }
    add(name, got, expected, tolerance);
  }

  void add(const std::string& name, const std::vector<float>& got,
           const std::vector<float>& expected, double tolerance) {
    rows_.push_back(compare(name, got, expected, tolerance));
  }

  const Safetensors& reference_;
  ParityTolerance tolerance_;
  Variables variables_;
  double lr_ = 0;
  int64_t last_step_ = 1;
  int64_t gradient_step_ = 1;
  PairArrays batch_;
  std::unique_ptr<TrainStep> step_;
  std::vector<ParityRow> rows_;
};

}  // namespace

ParityTolerance ParityTolerance::of(DType precision) {
  if (precision == DType::f32) return {};
  if (precision == DType::f16) return {.outputs = 4e-3, .gradients = 1.5e-2, .parameters = 6e-2};
  return {.outputs = 3e-2, .gradients = 0.1, .parameters = 6e-2};
}

std::vector<ParityRow> check_parity(ClipConfig model, const Safetensors& weights,
                                    const Safetensors& reference, Device& device,
                                    DType precision) {
  if (weights.find("logit_bias") != nullptr && !model.init_logit_bias) model.init_logit_bias = 0;
  return Comparison(model, weights, reference, device, precision).run();
}

}  // namespace tandem
