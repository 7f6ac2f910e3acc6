// metrics.jsonl: one JSON object a line, for the report, for plots and for scripts.
//   {"step":100,"epoch":1.5,"kind":"train","loss":2.31,"lr":0.001}
//   {"step":200,"epoch":3.0,"kind":"eval","name":"seen","image_to_text_r1":0.12}
// JSON has no NaN and no infinity: such a value is null, and "nonfinite" says which it was, as
// in {"loss":null,"nonfinite":{"loss":"nan"}}.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tandem {

// One line.
struct MetricsRecord {
  int64_t step = 0;  // optimizer steps done
  double epoch = 0;  // passes over the data done
  std::string kind;  // "train", "eval" or "checkpoint"
  std::string name;  // of the evaluation; empty (and left out of the line) for training
  std::vector<std::pair<std::string, double>> values;  // in the order of the line

  // The value of that name, if the line has it.
  std::optional<double> find(std::string_view value_name) const;
};

// Appends whole lines; a crash at any moment leaves whole lines, and at most one torn line at the
// end, which opening cuts. Not thread-safe.
class MetricsLog {
 public:
  // Opens the file for appending, creates it if need be. Throws DataError.
  explicit MetricsLog(std::filesystem::path path);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  // Drops every line from the first one whose step is greater; for resuming from a checkpoint
  // of `step`. Throws DataError, also for a line that is not one of this file's.
  void truncate_after(int64_t step);

  // Drops the lines of evaluations at `step`, the last one there is: they are to be made again.
  // Throws DataError as above.
  void drop_evaluations(int64_t step);

  // Adds one line. Throws DataError if it can't be written (a full disk): the file is then as it
  // was before, and the caller may go on and try later lines. A value named as one of the line's
  // own fields ("step", "nonfinite", ...) is refused with DataError.
  void append(const MetricsRecord& record);

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

// The line that append writes, without the line feed. Throws DataError for a reserved name.
std::string format_metrics(const MetricsRecord& record);

// All whole lines of the file; a torn last line is left out. A missing file gives none. Throws
// DataError naming file and line where a line is not one of this file's.
std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path);

}  // namespace tandem
