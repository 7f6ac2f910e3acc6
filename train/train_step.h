// One step of training as a program: both towers, the loss, its gradients and AdamW.
#pragma once

#include "autograd/nonfinite.h"
#include "train/step_graph.h"

namespace tandem {

// N pairs, or N pictures and the texts of K classes, as the device takes them.
struct PairArrays {
  std::vector<float> pixels;         // [N, 3, H, W]
  std::vector<float> features;       // [N, E] in their place, where the model has no image tower
  std::vector<int32_t> kept_tokens;  // with patch dropout: see VisionTransformer::kept_input
  TextArrays texts;                  // ids [N, T] or [K, T], and what TextArrays::prepare adds
  std::vector<int32_t> labels;       // [N] with classes

  Feeds feeds() const;
};

// What the optimizer is told for one step; t counts from 1.
struct StepSettings {
  double lr = 0;
  int64_t t = 1;
  uint64_t seed = 0;  // of dropout
};

struct StepResult {
  double loss = 0;
  double gradient_norm = 0;  // before clipping, without the loss scale
  double logit_scale = 0;    // after the step, as a factor (exp of the parameter)
  double loss_scale = 1;     // fp16: of this step, which was skipped if the norm is not finite
};

class TrainStep {
 public:
  // Compiles for batches of `batch_size` on the variables' device.
  TrainStep(const ClipConfig& model, const TrainConfig& train, int64_t batch_size,
            Variables& variables, const StepOptions& options = {});

  // Starts one step; returns its ticket. After a step whose loss was not finite, or whose gradients
  // were not at a loss scale of 1, steps change nothing until `go_on`.
  uint64_t run(const PairArrays& batch, const StepSettings& settings);

  // Waits for the steps under way; the next ones change parameters again.
  void go_on();

  // Waits for a step; only the last two tickets.
  StepResult result(uint64_t ticket) const;

  // A fetch by name: "image_features", "text_features", "logits", "grad.<parameter>".
  std::vector<float> fetch(uint64_t ticket, const std::string& name) const;
  const std::vector<std::string>& parameters() const { return parameters_; }

  Program& program() { return *program_; }
  const Program& program() const { return *program_; }

  // Runs a step again without its update, and finds what first was not finite. Compiles programs
  // for it; throws as Program does.
  std::optional<NonFinite> find_nonfinite(const PairArrays& batch,
                                          const StepSettings& settings) const;

  // A step's feeds with its times: for profiles.
  std::vector<KernelTime> profile(const PairArrays& batch, const StepSettings& settings);

 private:
  CompileOptions compile_options() const;

  // What the host gives a step, and the numbers behind it.
  struct Given {
    std::vector<float> hyper;
    std::vector<int32_t> dropout_seed;
    Feeds feeds;
  };
  Given given(const PairArrays& batch, const StepSettings& settings) const;

  ClipConfig model_;
  TrainConfig train_;
  StepOptions options_;
  Variables& variables_;
  std::vector<std::string> parameters_;
  std::map<std::string, size_t> fetches_;
  std::unique_ptr<Program> program_;
};

}  // namespace tandem
