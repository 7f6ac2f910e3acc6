// The batches of a run.
#pragma once

#include "train/data/loader.h"
#include "train/profile/step_profiler.h"
#include "train/run_output.h"
#include "train/snapshot.h"

#include <memory>

namespace tandem {

// A loader that begins where the run stands. Where the config may have changed, epochs may have
// become shorter than the position is into one: then that is moved to the next. What is passed
// must outlive the loader, the rows and the position aside. Throws ConfigError, DataError.
std::unique_ptr<Loader> make_loader(const RunConfig& config, const std::vector<TableRow>& rows,
                                    const Tokenizer& tokenizer, RunOutput& output,
                                    StepProfiler& profiler, RunPosition& position,
                                    bool config_may_differ);

}  // namespace tandem
