// A training run's whole state, to and from a checkpoint.
#pragma once

#include "autograd/variables.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/text/tokenizer.h"

#include <cstdint>
#include <memory>
#include <set>

namespace tandem {

// Where a run stands: the next batch is number `batch` of epoch `epoch`, both from 0.
struct RunPosition {
  int64_t step = 0;     // optimizer steps done
  int64_t samples = 0;  // pairs seen
  int64_t epoch = 0;
  int64_t batch = 0;
  int64_t skipped = 0;    // steps that changed nothing, for their loss or gradients were not finite
  int64_t skipped_in_row = 0;  // of them, up to here
  int64_t rollbacks = 0;  // times that the run went back to a checkpoint for such a step
  int64_t back = 0;       // step of the newest checkpoint that was due; 0: the beginning
  int64_t before = 0;     // step of the one before that
  int64_t tried = -1;     // step that the run went back to the last time; -1: it never did
  int64_t rows = 0;       // what the data are known by (fingerprint); 0: not known
  std::set<int64_t> bad_samples;  // rows of the split whose pictures could not be read
};

// What a picture goes through before the model sees it, as JSON.
std::string preprocessing(const RunConfig& config);

// Everything that training needs to go on with the same bits. `tokenizer` is its JSON.
Checkpoint take_snapshot(const Variables& variables, const RunConfig& config,
                         const std::string& tokenizer, const RunPosition& position);

// A number of the state that checkpoints have where it is not zero.
int64_t count_of(const Checkpoint& checkpoint, const char* name);

// Whether a checkpoint holds what was trained alone, an adapter or a tower, without its base.
bool is_adapter(const Checkpoint& checkpoint);

// Sets parameters and optimizer state; of an adapter's checkpoint those that it has, after the
// base's were set. Throws CheckpointError if it is of another model.
RunPosition restore_snapshot(const Checkpoint& checkpoint, Variables& variables,
                             const std::string& source);

// The config that the checkpoint was made with. Throws CheckpointError without one.
RunConfig config_of(const Checkpoint& checkpoint, const std::string& source);

// The tokenizer that the checkpoint's model reads with. Throws CheckpointError without one.
std::unique_ptr<Tokenizer> tokenizer_of(const Checkpoint& checkpoint, const std::string& source);

}  // namespace tandem
