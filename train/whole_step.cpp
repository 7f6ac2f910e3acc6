#include "train/whole_step.h"

#include "train/step_graph.h"

namespace tandem {

namespace {

Feeds all_feeds(const PairArrays& batch, const StepNumbers& numbers) {
  Feeds feeds = batch.feeds();
  numbers.add_to(feeds);
  return feeds;
}

}  // namespace

WholeStep::WholeStep(const ClipConfig& model, const TrainConfig& train, Variables& variables,
                     const StepOptions& options)
    : model_(model), train_(train), options_(options), variables_(variables) {
  const StepGraph step(model, train, options);
  named_ = step.named;
  program_ = std::make_unique<Program>(step.graph, variables, step.fetches,
                                       compile_options(train, options));
}

uint64_t WholeStep::run(const PairArrays& batch, const StepNumbers& numbers) {
  return program_->run(all_feeds(batch, numbers));
}

std::vector<KernelTime> WholeStep::profile(const PairArrays& batch, const StepNumbers& numbers) {
  return program_->profile(all_feeds(batch, numbers));
}

std::optional<NonFinite> WholeStep::find_nonfinite(const PairArrays& batch,
                                                   const StepNumbers& numbers) {
  StepGraph step(model_, train_, {.precision = options_.precision, .keep_gradients = true});
  std::map<std::string, Tensor> named = step.named_tensors();
  named["the loss"] = step.fetches.front();
  return tandem::find_nonfinite(step.graph, variables_, all_feeds(batch, numbers), named,
                                compile_options(train_, options_));
}

}  // namespace tandem
