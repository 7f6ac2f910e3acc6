#include "train/train_step.h"

#include "autograd/ops/failure.h"
#include "train/optimizer.h"

#include <cmath>

namespace tandem {

TrainStep::TrainStep(const ClipConfig& config, const TrainConfig& train, int64_t batch_size,
                     Variables& variables, const StepOptions& options)
    : train_(train), drops_out_(drops_out(config)), variables_(variables) {
  train_.batch_size = batch_size;
  programs_ = make_step_programs(config, train_, variables, options);
}

StepNumbers TrainStep::numbers(const StepSettings& settings) const {
  StepNumbers numbers{.hyper = optimizer_numbers(train_, settings.lr, settings.t),
                      .dropout_seed = {}};
  if (!drops_out_) return numbers;
  const auto step = static_cast<uint64_t>(settings.t);
  numbers.dropout_seed = {static_cast<int32_t>(settings.seed),
                          static_cast<int32_t>(settings.seed >> 32), static_cast<int32_t>(step),
                          static_cast<int32_t>(step >> 32), 0};
  return numbers;
}

uint64_t TrainStep::run(const PairArrays& batch, const StepSettings& settings) {
  return programs_->run(batch, numbers(settings));
}

void TrainStep::go_on() { variables_.set(failed_name, std::vector<float>{0}); }

StepResult TrainStep::result(uint64_t ticket) const {
  const Program& last = programs_->last();
  StepResult result{.loss = last.fetch(ticket, 0)[0],
                    .gradient_norm = last.fetch(ticket, 1)[0],
                    .logit_scale = std::exp(last.fetch(ticket, 2)[0])};
  if (programs_->named().contains("gradient_factor")) {
    result.loss_scale = 1 / static_cast<double>(fetch(ticket, "gradient_factor")[0]);
  }
  return result;
}

std::vector<float> TrainStep::fetch(uint64_t ticket, const std::string& name) const {
  const auto found = programs_->named().find(name);
  if (found == programs_->named().end()) fail<ShapeError>("train step: '{}' is not fetched.", name);
  return programs_->last().fetch(ticket, found->second);
}

std::optional<NonFinite> TrainStep::find_nonfinite(const PairArrays& batch,
                                                   const StepSettings& settings) const {
  return programs_->find_nonfinite(batch, numbers(settings));
}

std::vector<KernelTime> TrainStep::profile(const PairArrays& batch, const StepSettings& settings) {
  return programs_->profile(batch, numbers(settings));
}

}  // namespace tandem
