// A training step that goes over its batch in micro-batches; see accumulation_graphs.h.
#pragma once

#include "train/accumulation/accumulation_graphs.h"
#include "train/accumulation/micro_batches.h"
#include "train/step_programs.h"

#include <functional>
#include <optional>

namespace tandem {

class AccumulatedStep final : public StepPrograms {
 public:
  AccumulatedStep(const ClipConfig& model, const TrainConfig& train, Variables& variables,
                  const StepOptions& options);

  // Features and their gradients go through the host, which waits for them.
  uint64_t run(const PairArrays& batch, const StepNumbers& numbers) override;
  std::vector<KernelTime> profile(const PairArrays& batch, const StepNumbers& numbers) override;

  // Looks at the micro-batches in turn, forward first.
  std::optional<NonFinite> find_nonfinite(const PairArrays& batch,
                                          const StepNumbers& numbers) override;

  MemoryReport memory() const override;
  size_t kernels() const override;  // that run in a step, each as often as it does
  const Program& last() const override { return *update_; }
  const std::map<std::string, size_t>& named() const override { return named_; }

 private:
  // Runs a program in one way or another.
  using Run = std::function<void(Program&, const Feeds&)>;

  void go(const PairArrays& batch, const StepNumbers& numbers, const Run& run);
  // These go over the batch that parts_ holds.
  void accumulate(const Run& run);
  void compute_features(const Run& run);
  void take_features(int64_t part, uint64_t ticket);
  void compute_loss(const Run& run);
  Feeds features() const;
  Feeds feeds_with_gradients(int64_t part);

  std::optional<NonFinite> find_in_features();
  std::optional<NonFinite> find_in_loss();
  std::optional<NonFinite> find_in_micro_batches();
  std::optional<NonFinite> find_in_update(const StepNumbers& numbers);
  std::optional<NonFinite> find_in(ProgramGraph& program, const Feeds& feeds);
  StepOptions searched() const { return {.precision = options_.precision, .keep_gradients = true}; }

  ClipConfig model_;
  TrainConfig train_;
  StepOptions options_;
  Variables& variables_;
  MicroBatches parts_;
  std::map<std::string, size_t> named_;
  Reached reached_;
  std::unique_ptr<Program> features_;     // null where samples are not coupled
  std::unique_ptr<Program> loss_;         // likewise
  std::unique_ptr<Program> micro_batch_;  // null where it would have no gradient
  std::unique_ptr<Program> update_;
  // Of the batch, [N, E] each.
  std::vector<float> image_features_, text_features_;
  std::vector<float> image_gradients_, text_gradients_;
};

}  // namespace tandem
