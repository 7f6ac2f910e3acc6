// The checkpoints of a run: <run>/checkpoints/step_<at least 8 digits>.h5.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

// "step_00001200.h5"
std::string checkpoint_name(int64_t step);

// Paths of the checkpoints in a folder, the newest (most steps) first; other files are left out.
// Empty if there is no such folder; throws CheckpointError for one that can't be read.
std::vector<std::string> list_checkpoints(const std::string& folder);

// The same paths as one would try them to go back to `step`: from there towards older ones, then
// those after it, the oldest first.
std::vector<std::string> list_checkpoints_from(const std::string& folder, int64_t step);

// Whether a checkpoint is there and whole.
bool verifies(const std::string& path);

struct ValidCheckpoint {
  std::string path;                                              // empty if none verifies
  std::vector<std::pair<std::string, std::string>> passed_over;  // before it: path and why
};

// The first of these that verifies.
ValidCheckpoint first_valid_checkpoint(const std::vector<std::string>& paths);

// A run's folder of checkpoints; the folder itself if it has none inside.
std::string checkpoint_folder(const std::string& folder);

// What a user may name on the command line: a checkpoint's file, a run's folder or a folder of
// checkpoints, then the newest one in it that verifies. Throws CheckpointError if there is none.
ValidCheckpoint find_checkpoint(const std::string& path);

// Deletes all but the newest `keep_last` (at least 1) checkpoints, and what a crash left unfinished
// before the newest. If none of those kept verifies, the newest that does is kept too, and so is
// every one whose step `also` says yes to. With a step `last` those after it go as well: a run that
// went back has written over what came then. Returns the paths deleted. Throws CheckpointError
// where one can't be deleted.
std::vector<std::string> prune_checkpoints(const std::string& folder, int64_t keep_last,
                                           const std::function<bool(int64_t)>& also = nullptr,
                                           std::optional<int64_t> last = std::nullopt);

}  // namespace tandem
