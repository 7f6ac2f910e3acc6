#include "train/checkpoint/checkpoint_folder.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>

namespace tandem {
namespace {

namespace fs = std::filesystem;

// The step in a checkpoint's name; nothing if it is another file's.
std::optional<int64_t> step_of(std::string_view name, std::string_view ending) {
  constexpr std::string_view start = "step_";
  if (!name.starts_with(start) || !name.ends_with(ending)) return std::nullopt;
  if (name.size() < start.size() + ending.size() + 8) return std::nullopt;
  name = name.substr(start.size(), name.size() - start.size() - ending.size());
  int64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc() || end != name.data() + name.size() || step < 0) return std::nullopt;
  return step;
}

// Step and path of the files with an ending, the newest first.
std::vector<std::pair<int64_t, std::string>> files_in(const std::string& folder,
                                                      std::string_view ending) {
  std::vector<std::pair<int64_t, std::string>> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto step = step_of(entry->path().filename().string(), ending);
    if (step) files.emplace_back(*step, entry->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    fail<CheckpointError>("{}: the folder can't be read: {}.", folder, error.message());
  }
  std::sort(files.rbegin(), files.rend());
  return files;
}

void remove(const std::string& path, std::vector<std::string>& removed) {
  std::error_code error;
  if (!fs::remove(path, error) || error) {
    fail<CheckpointError>("{}: can't delete it: {}.", path, error.message());
  }
  removed.push_back(path);
}

}  // namespace

std::string checkpoint_name(int64_t step) { return fmt::format("step_{:08}.h5", step); }

std::vector<std::string> list_checkpoints(const std::string& folder) {
  std::vector<std::string> paths;
  for (auto& [step, path] : files_in(folder, ".h5")) paths.push_back(std::move(path));
  return paths;
}

std::vector<std::string> list_checkpoints_from(const std::string& folder, int64_t step) {
  std::vector<std::string> paths, later;
  for (auto& [number, path] : files_in(folder, ".h5")) {
    (number > step ? later : paths).push_back(std::move(path));
  }
  paths.insert(paths.end(), later.rbegin(), later.rend());
  return paths;
}

bool verifies(const std::string& path) {
  try {
    verify_checkpoint(path);
    return true;
  } catch (const CheckpointError&) {
    return false;
  }
}

ValidCheckpoint first_valid_checkpoint(const std::vector<std::string>& paths) {
  ValidCheckpoint newest;
  for (const std::string& path : paths) {
    try {
      verify_checkpoint(path);
      newest.path = path;
      return newest;
    } catch (const CheckpointError& error) {
      newest.passed_over.emplace_back(path, error.what());
    }
  }
  return newest;
}

std::string checkpoint_folder(const std::string& folder) {
  std::error_code error;
  const fs::path inner = fs::path(folder) / "checkpoints";
  return fs::is_directory(inner, error) ? inner.string() : folder;
}

ValidCheckpoint find_checkpoint(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    fail<CheckpointError>("{}: there is no such checkpoint or run folder.", path);
  }
  if (!fs::is_directory(path, error)) return {path, {}};
  ValidCheckpoint newest = first_valid_checkpoint(list_checkpoints(checkpoint_folder(path)));
  if (newest.path.empty()) {
    fail<CheckpointError>("{}: has no checkpoint that can be used ({} damaged).", path,
                          newest.passed_over.size());
  }
  return newest;
}

std::vector<std::string> prune_checkpoints(const std::string& folder, int64_t keep_last,
                                           const std::function<bool(int64_t)>& also,
                                           std::optional<int64_t> last) {
  std::vector<std::string> removed;
  auto files = files_in(folder, ".h5");
  while (last && !files.empty() && files.front().first > *last) {
    remove(files.front().second, removed);
    files.erase(files.begin());
  }
  const auto kept = std::min(files.size(), static_cast<size_t>(std::max<int64_t>(1, keep_last)));
  bool one_is_good = std::any_of(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(kept),
                                 [](const auto& file) { return verifies(file.second); });
  for (size_t i = kept; i < files.size(); ++i) {
    const auto& [step, path] = files[i];
    if (!one_is_good && verifies(path)) {
      one_is_good = true;
      continue;
    }
    if (!also || !also(step)) remove(path, removed);
  }
  const auto whole = files_in(folder, ".h5");
  for (const auto& [step, path] : files_in(folder, ".h5.tmp")) {
    if (!whole.empty() && step < whole.front().first) remove(path, removed);
  }
  return removed;
}

}  // namespace tandem
