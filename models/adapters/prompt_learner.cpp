#include "models/adapters/prompt_learner.h"

#include "autograd/ops/matmul.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reshape.h"

namespace tandem {

namespace {

constexpr double deviation = 0.02;  // of contexts at the start; CoOp, section 4.1

}  // namespace

Tensor with_prompt(Tensor x, Tensor prompt, bool in_place) {
  const Shape& shape = x.shape();
  const int64_t P = prompt.shape()[0];
  const Tensor tokens =
      broadcast_to(reshape(prompt, {1, P, shape[2]}), {shape[0], P, shape[2]});
  return concat({slice(x, 1, 0, 1), tokens, slice(x, 1, in_place ? 1 + P : 1, shape[1])}, 1);
}

PromptLearner::PromptLearner(Parameters& parameters, int64_t C, int64_t D, int64_t E) {
  declare_text(parameters, C, E);
  declare_image(parameters, C, D);
}

void PromptLearner::declare_text(Parameters& parameters, int64_t C, int64_t E) {
  const PromptConfig& config = parameters.adaptation().prompts;
  if (config.text == 0) return;
  const Initializer normal = Initializer::normal(deviation);
  text_.contexts = parameters.added("prompt.context", {config.text * config.classes, C}, normal);
  text_.layers.resize(1);  // the first are words
  for (int64_t i = 1; i < config.text_depth; ++i) {
    text_.layers.push_back(
        parameters.added(fmt::format("prompt.text.{}", i), {config.text, C}, normal));
  }
  if (!config.conditional) return;
  const int64_t hidden = std::max<int64_t>(E / 16, 1);
  const auto meta = [&](const char* name, const Shape& shape, int64_t inputs) {
    return parameters.added(std::string("prompt.meta_net.") + name, shape, default_uniform(inputs));
  };
  hidden_weight_ = meta("linear1.weight", {hidden, E}, E);
  hidden_bias_ = meta("linear1.bias", {hidden}, E);
  shift_weight_ = meta("linear2.weight", {C, hidden}, hidden);
  shift_bias_ = meta("linear2.bias", {C}, hidden);
}

void PromptLearner::declare_image(Parameters& parameters, int64_t C, int64_t D) {
  const PromptConfig& config = parameters.adaptation().prompts;
  if (config.image == 0) return;
  // VPT's start: Xavier's uniform over a patch of as many pixels a side as there are tokens.
  const auto inputs = static_cast<double>(3 * config.image * config.image + D);
  const Initializer uniform = Initializer::uniform(std::sqrt(6 / inputs));
  for (int64_t i = 0; i < config.image_depth; ++i) {
    if (!config.coupled) {
      image_.push_back(
          parameters.added(fmt::format("prompt.image.{}", i), {config.image, D}, uniform));
      continue;
    }
    const std::string name = fmt::format("prompt.couple.{}", i);
    const Tensor weight = parameters.added(name + ".weight", {D, C}, default_uniform(C));
    const Tensor bias = parameters.added(name + ".bias", {D}, default_uniform(C));
    const Tensor source = i == 0 ? text_.contexts : text_.layers.at(static_cast<size_t>(i));
    image_.push_back(linear(source, weight, bias));
  }
}

TextPrompts PromptLearner::text_of(Tensor image_features) const {
  TextPrompts prompts = text_;
  if (!hidden_weight_) return prompts;
  const Tensor hidden = linear(image_features, hidden_weight_, hidden_bias_, Activation::relu);
  prompts.shifts = linear(hidden, shift_weight_, shift_bias_);
  return prompts;
}

}  // namespace tandem
