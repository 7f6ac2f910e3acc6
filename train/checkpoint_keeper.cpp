#include "train/checkpoint_keeper.h"

#include "train/checkpoint/checkpoint_folder.h"

namespace tandem {

CheckpointKeeper::CheckpointKeeper(const RunConfig& config, const RunFolder& folder,
                                   const Variables& variables, std::string tokenizer,
                                   RunOutput& output)
    : config_(config),
      folder_(folder),
      variables_(variables),
      tokenizer_(std::move(tokenizer)),
      output_(output) {}

bool CheckpointKeeper::due(const RunPosition& position) const {
  const int64_t every = config_.train.checkpoint_every_n_steps;
  return every > 0 ? position.step % every == 0 : position.batch == 0;
}

void CheckpointKeeper::save(const RunPosition& position) {
  const double begin = seconds_now();
  const std::string path = (folder_.checkpoints() / checkpoint_name(position.step)).string();
  write_checkpoint(path, take_snapshot(variables_, config_, tokenizer_, position));
  prune_checkpoints(folder_.checkpoints().string(), config_.train.keep_last);
  saved_step_ = position.step;
  output_.skip(seconds_now() - begin);
}

}  // namespace tandem
